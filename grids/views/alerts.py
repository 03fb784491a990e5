"""Alerts 提醒: one's own inbox, the way from an alert to its page, and the poll of open pages."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from .. import alerts, counters, delivery, shown
from ..models import Alert
from ..models.alerts import AlertQuerySet
from ..models.staff import acting_user
from ..paging import read_page
from ..permissions import Permission, requires

MOST_ON_A_DAY_PAGE = 10
VERSION_HEADER = "X-Alerts-Version"
# Deadlines are told in words ("还剩 4 小时"): after so many seconds an unchanged list is shown anew.
WORDS_LAST = 600
# Whom alerts are written to: those who see youths, and the agencies' people.
READERS = (Permission.SEE_YOUTHS, Permission.ANSWER_REFERRALS)
STATES = {"open": "待办", "unread": "未读", "done": "已办结", "all": "全部"}


@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """The poll of open pages: 204 while nothing changed since the version that the page names, else the fragment.

    Nothing that the person did: the idle time of the session runs on, whatever headers come along.
    """
    request.session.modified = False
    user = acting_user(request.user)
    counter = counters.of(user.pk)
    version = f"{counter.version}-{int(timezone.now().timestamp()) // WORDS_LAST:x}"
    if request.headers.get(VERSION_HEADER) == version:
        return HttpResponse(status=204)
    if not any(map(user.may, READERS)):
        raise PermissionDenied
    with transaction.atomic():
        listed = list(Alert.objects.of(user).for_the_day()[:MOST_ON_A_DAY_PAGE])
        shown.tell(request, listed)
        response = render(request, "grids/alerts/live.html", {"alerts": listed, "unread": counter.unread})
    response[VERSION_HEADER] = version
    return response


live.required_permissions = READERS  # type: ignore[attr-defined]


@requires(*READERS)
@require_safe
@transaction.atomic
def inbox(request: HttpRequest) -> HttpResponse:
    """One's own alerts, newest first, 50 a page by keyset, with how many there are of each state and kind."""
    mine = Alert.objects.of(acting_user(request.user))
    state = request.GET.get("state", "")
    state = state if state in STATES else "open"
    kind = request.GET.get("kind", "")
    chosen = _in_state(mine, state)
    kinds = _kinds(chosen)
    chosen = chosen.filter(kind=kind) if kind else chosen
    page = read_page(chosen, request.GET, "created_at", descending=True, among=mine)
    shown.tell(request, page.rows)
    context = {
        "page": page,
        "states": [
            (key, label, number)
            for (key, label), number in zip(STATES.items(), _state_counts(mine), strict=True)
        ],
        "state": state,
        "kinds": kinds,
        "kind": kind,
        "kind_label": dict(Alert.Kind.choices).get(kind, ""),
        "count": sum(number for code, _, number in kinds if kind in ("", code)),
    }
    return render(request, "grids/alerts/inbox.html", context)


def _in_state(mine: AlertQuerySet, state: str) -> AlertQuerySet:
    if state == "unread":
        return mine.unread()
    if state == "done":
        return mine.exclude(done_at=None)
    return mine.open() if state == "open" else mine


def _state_counts(mine: AlertQuerySet) -> list[int]:
    """How many in each of STATES, in one statement."""
    done = Q(done_at__isnull=False)
    found = mine.aggregate(
        open=Count("id", filter=~done),
        unread=Count("id", filter=~done & Q(read_at=None)),
        done=Count("id", filter=done),
        all=Count("id"),
    )
    return [found[state] for state in STATES]


def _kinds(chosen: AlertQuerySet) -> list[tuple[str, str, int]]:
    """(code, label, how many) of each kind that occurs, in the order in which kinds are listed."""
    found = dict(chosen.order_by().values_list("kind").annotate(number=Count("id")))
    return [(code, str(label), found[code]) for code, label in Alert.Kind.choices if code in found]


@requires(*READERS)
@require_safe
def alert(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Opening an alert: it is read from now on, and the page that it is about opens."""
    mine = get_object_or_404(Alert.objects.of(acting_user(request.user)), pk=alert_id)
    alerts.mark_read(mine)
    return redirect(mine.path or "alerts")


@requires(*READERS)
@require_POST
def alert_done(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Put away an alert that only informs. One that wants an act is done by the act."""
    mine = get_object_or_404(Alert.objects.of(acting_user(request.user)), pk=alert_id)
    if mine.wants_act:
        messages.warning(request, f"“{mine.text}”需要处理，处理完会自动办结。")
        return redirect("alert", mine.pk)
    if alerts.mark_done(mine):
        messages.success(request, f"已办结：{mine.text}")
    return redirect(_back_to(request))


@requires(*READERS)
@require_POST
def alerts_read(request: HttpRequest) -> HttpResponse:
    """Everything that only informs is read; what wants an act stays unread until it is opened."""
    count = alerts.mark_all_read(acting_user(request.user))
    messages.success(request, f"{count} 条通知已标为已读，要处理的仍留着。" if count else "没有未读的通知。")
    return redirect(_back_to(request))


@requires(Permission.MANAGE_PLACES)
@require_POST
def alerts_parked(request: HttpRequest) -> HttpResponse:
    """Have what the gateway refused five times tried again; the administrator sees how many, not what."""
    count = delivery.try_parked_again()
    messages.success(request, f"{count} 条提醒已重新排队，一分钟内发送。" if count else "没有未送出的提醒。")
    return redirect("home")


def _back_to(request: HttpRequest) -> str:
    """The page the button stood on, when it is one of ours."""
    back = request.POST.get("next", "")
    return back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "alerts"
