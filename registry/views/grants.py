"""Grants 临时授权: what I asked for and what waits for me to decide, one grant, and the acts on it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from grids.models import User
from grids.models.staff import acting_user
from grids.paging import read_page
from grids.permissions import Permission, requires

from .. import grants as verbs
from .. import readings
from ..forms.grants import ApproveForm, DeclineGrantForm, FindFileForm, ReviewGrantForm
from ..holding import Refused
from ..models import Grant, Youth
from ..reasons import holds_for

GrantAct = Callable[[HttpRequest, Grant], HttpResponse]
_WITH_PEOPLE = ("holder", "decided_by", "ended_by", "reviewed_by")
_MOST_WAITING = 100


@never_cache
@require_safe
@requires(Permission.SEE_YOUTHS, Permission.READ_AUDIT)
@transaction.atomic
def grants(request: HttpRequest) -> HttpResponse:
    """What waits for me, what runs and what was; an auditor sees all of them, by numbers."""
    user = acting_user(request.user)
    seen = Grant.objects.visible_to(user).select_related(*_WITH_PEOPLE)
    page = read_page(seen, request.GET, "asked_at", descending=True, among=seen)
    if user.may(Permission.READ_AUDIT):
        return render(request, "registry/grants/audit.html", {"page": page})
    waiting = _waiting(user)
    names = _names(user, [*page.rows, *(grant for rows in waiting.values() for grant in rows)])
    readings.record_files(request, ids=names, purpose="临时授权")
    context = {
        "page": page,
        "waiting": {key: [Line(grant, names) for grant in rows] for key, rows in waiting.items()},
        "lines": [Line(grant, names) for grant in page.rows],
        "manages": user.may(Permission.APPROVE_GRANTS),
        "is_cadre": any(post.role in verbs.CADRES for post in user.current_posts),
    }
    return render(request, "registry/grants/list.html", context)


@dataclass(frozen=True)
class Line:
    """A grant in a list, with the name of its file while the reader may see that."""

    grant: Grant
    names: dict[UUID, str] = field(repr=False)

    @property
    def name(self) -> str:
        return self.names.get(self.grant.youth_id, "") if self.grant.youth_id else ""


def _waiting(user: User) -> dict[str, list[Grant]]:
    """What a manager has to do; nothing for others."""
    if not user.may(Permission.APPROVE_GRANTS):
        return {}
    others = Grant.objects.visible_to(user).exclude(holder=user).select_related(*_WITH_PEOPLE)
    return {
        "asked": list(others.asked().order_by("asked_at")[:_MOST_WAITING]),
        "to_review": list(others.to_review().order_by("review_due_at")[:_MOST_WAITING]),
    }


def _names(user: User, rows: Iterable[Grant]) -> dict[UUID, str]:
    """The masked names of those of the files that the reader may read."""
    ids = {grant.youth_id for grant in rows if grant.youth_id}
    if not ids:
        return {}
    return {youth.pk: youth.masked_name for youth in Youth.objects.readable_by(user).filter(pk__in=ids)}


# --- One grant


@never_cache
@require_safe
@requires(Permission.SEE_YOUTHS)
@transaction.atomic
def grant(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    return _page(request, _grant_of(request, grant_id))


def _grant_of(request: HttpRequest, grant_id: UUID) -> Grant:
    seen = Grant.objects.visible_to(acting_user(request.user)).select_related(*_WITH_PEOPLE, "youth")
    found: Grant = get_object_or_404(seen, pk=grant_id)
    return found


def _page(request: HttpRequest, found: Grant, **forms: Any) -> HttpResponse:
    """The page of one grant; `forms` are those that were sent with errors."""
    user = acting_user(request.user)
    manages = found.holder_id != user.pk and user.may(Permission.APPROVE_GRANTS)
    meant: list[Youth] = []
    context: dict[str, Any] = {
        "grant": found,
        "mine": found.holder_id == user.pk,
        "place": verbs.place_of(found.code),
    }
    if manages and found.state == Grant.State.ASKED:
        if found.what != Grant.What.AREA:
            meant = verbs.found_for(found, by=user)
        context |= {
            "meant": meant,
            "approve": ApproveForm(grant=found, found=meant),
            "decline": DeclineGrantForm(),
        }
    if manages and found.is_to_review:
        context["review"] = ReviewGrantForm()
    if found.is_running:
        context["may_end"] = manages or context["mine"]
        if context["mine"] and found.what == Grant.What.AREA:
            context["find"] = FindFileForm(code=found.code)
    names = _names(user, [found])
    context["name"] = names.get(found.youth_id, "") if found.youth_id else ""
    readings.record_files(request, ids=[*names, *(youth.pk for youth in meant)], purpose="临时授权")
    return render(request, "registry/grants/grant.html", context | forms, status=422 if forms else 200)


def _act(permission: Permission) -> Callable[[GrantAct], Callable[..., HttpResponse]]:
    """A posted act on a grant in sight; what the verb refuses is said on the grant's page."""

    def decorate(view: GrantAct) -> Callable[..., HttpResponse]:
        @never_cache
        @requires(permission)
        @require_POST
        @wraps(view)
        def acted(request: HttpRequest, grant_id: UUID) -> HttpResponse:
            found = _grant_of(request, grant_id)
            try:
                if permission == Permission.APPROVE_GRANTS:
                    verbs.refuse_own(found, by=acting_user(request.user))
                return view(request, found)
            except Refused as refusal:
                messages.warning(request, str(refusal))
                return redirect("grant", grant_id)

        return acted

    return decorate


@_act(Permission.APPROVE_GRANTS)
def grant_approve(request: HttpRequest, found: Grant) -> HttpResponse:
    user = acting_user(request.user)
    verbs.refuse_decided(found)
    meant = verbs.found_for(found, by=user) if found.what != Grant.What.AREA else []
    form = ApproveForm(request.POST, grant=found, found=meant)
    if not form.is_valid():
        return _shown_again(request, found, approve=form, meant=meant)
    given = form.cleaned_data
    held = verbs.approve(found, youth=given.get("youth"), days=given["days"], note=given["note"], by=user)
    messages.success(request, f"已批准{held.holder.name}{held.title}，{held.days_given} 天后自动失效。")
    return redirect("grants")


@_act(Permission.APPROVE_GRANTS)
def grant_decline(request: HttpRequest, found: Grant) -> HttpResponse:
    verbs.refuse_decided(found)
    form = DeclineGrantForm(request.POST)
    if not form.is_valid():
        return _shown_again(request, found, decline=form)
    verbs.decline(found, note=form.cleaned_data["note"], by=acting_user(request.user))
    messages.success(request, f"没有批准{found.holder.name}的申请，已告知本人。")
    return redirect("grants")


@_act(Permission.APPROVE_GRANTS)
def grant_review(request: HttpRequest, found: Grant) -> HttpResponse:
    verbs.refuse_reviewed(found)
    form = ReviewGrantForm(request.POST)
    if not form.is_valid():
        return _shown_again(request, found, review=form)
    given = form.cleaned_data
    held = verbs.review(found, finding=given["finding"], note=given["note"], by=acting_user(request.user))
    messages.success(request, f"已复核{held.holder.name}的紧急查阅：{held.get_finding_display()}。")
    return redirect("grants")


@_act(Permission.SEE_YOUTHS)
def grant_end(request: HttpRequest, found: Grant) -> HttpResponse:
    held = verbs.end(found, by=acting_user(request.user))
    done = "已撤回这项申请。" if held.state == Grant.State.TAKEN_BACK else "已提前结束，从现在起不再有效。"
    messages.success(request, done)
    return redirect("grants")


@_act(Permission.SEE_YOUTHS)
def grant_find(request: HttpRequest, found: Grant) -> HttpResponse:
    """Over an area: open the one file that the words name."""
    user = acting_user(request.user)
    loan = next((loan for loan in user.loans if loan.id == found.pk and loan.what == Grant.What.AREA), None)
    if loan is None:
        raise Refused("这项授权已经不在生效。")
    form = FindFileForm(request.POST, code=found.code)
    if not form.is_valid():
        return _shown_again(request, found, find=form)
    youths = [y for y in form.sought.among(Youth.objects.readable_by(user))[:2] if holds_for(loan, y)]
    if len(youths) != 1:
        form.nobody()
        return _shown_again(request, found, find=form)
    return redirect("youth", youths[0].pk)


def _shown_again(request: HttpRequest, found: Grant, **forms: Any) -> HttpResponse:
    with transaction.atomic():
        return _page(request, found, **forms)
