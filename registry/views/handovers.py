"""Handovers 交接: what waits in the reader's areas; the page of one, where it is accepted, returned or answered.

Until it is accepted the receiving side sees a masked name, age, the new address, grade and the due moment, and
nothing of the file. From acceptance the old side sees that, when and by whom, and nothing more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from grids.models import User
from grids.models.staff import acting_user
from grids.paging import read_page
from grids.permissions import Permission, requires

from .. import handovers as verbs
from .. import readings
from ..filters.handovers import STATES as FILTER_STATES
from ..filters.handovers import HandoverFilter, state_condition
from ..filters.places import Places
from ..forms.handovers import AnswerForm, ReturnForm
from ..models import Handover
from ..person import county_names
from ..snapshots import snapshot
from .moves import end_of

_FOR_A_ROW = (
    "youth",
    "move__to_dwelling",
    "ended_by",
    "from_grid__community__parent__parent",
    "to_grid__community__parent__parent",
)
_FOR_A_PAGE = (
    *_FOR_A_ROW,
    "youth__grid__community",
    "youth__grid__responsible__user",
    "to_grid__responsible__user",
    "move__source",
)


@dataclass(frozen=True)
class Side:
    """Where the reader stands, and what follows from it."""

    gives: bool
    receives: bool
    sees_file: bool

    @classmethod
    def of(cls, user: User, handover: Handover) -> "Side":
        def sees(code: str | None) -> bool:
            return bool(code) and user.may_in(Permission.SEE_YOUTHS, str(code))

        return cls(
            gives=sees(handover.from_grid_id),
            receives=sees(handover.to_grid_id),
            sees_file=sees(handover.youth.grid_id),
        )


@requires(Permission.SEE_YOUTHS)
@require_safe
def handovers(request: HttpRequest) -> HttpResponse:
    """What is open, the most urgent first; or what was returned or ended, the latest first."""
    user = acting_user(request.user)
    with snapshot(recorded=True):
        places = Places(user.prefixes(Permission.SEE_YOUTHS), request.GET.get("division", ""))
        form = HandoverFilter(request.GET, places=places)
        context = {"form": form, "places": places} | (_listed(request, user, form) if form.is_valid() else {})
        status = 200 if form.is_valid() else 422
        return render(request, "registry/handovers/handovers.html", context, status=status)


def _listed(request: HttpRequest, user: User, form: HandoverFilter) -> dict[str, Any]:
    """One page of the list and its counts."""
    mine = Handover.objects.visible_to(user)
    waiting = form.state_ in ("open", "escalated")
    page = read_page(
        form.listed(mine).select_related(*_FOR_A_ROW),
        request.GET,
        "due_at" if waiting else "offered_at",
        descending=not waiting,
        among=mine,
    )
    readings.record_files(request, ids=[handover.youth_id for handover in page.rows], purpose="交接")
    states = _state_counts(form.in_direction(mine))
    return {
        "page": page,
        "rows": _rows(user, page.rows),
        "division_label": form.places.label(form.places.wanted),
        "state": form.state_,
        "states": states,
        "count": next(number for key, _, number in states if key == form.state_),
    }


def _state_counts(mine: Any) -> list[tuple[str, str, int]]:
    numbers = {f"n_{key}": Count("id", filter=state_condition(key) or None) for key, _ in FILTER_STATES}
    found = mine.aggregate(**numbers)
    return [(key, label, found[f"n_{key}"]) for key, label in FILTER_STATES]


def _rows(user: User, found: list[Handover]) -> list[dict[str, Any]]:
    """Each handover with the words for its two ends."""
    counties = county_names({handover.destination_code for handover in found} - {""})
    return [described(user, handover, counties) for handover in found]


def described(user: User, handover: Handover, counties: dict[str, str]) -> dict[str, Any]:
    """One handover in words, no closer than the reader may look."""
    sight = user.prefixes(Permission.SEE_YOUTHS)
    side = Side.of(user, handover)
    dwelling = handover.move.to_dwelling if handover.is_open or side.sees_file else None
    abroad = counties.get(handover.destination_code) or "外地（去向不详）"
    return {
        "handover": handover,
        "side": side,
        "left": end_of(handover.from_grid, None, sight),
        "reached": end_of(handover.to_grid, dwelling, sight) or abroad,
        "can_accept": handover.is_open and side.receives,
        "can_answer": handover.is_open and handover.to_grid_id is None and side.gives,
    }


@requires(Permission.SEE_YOUTHS)
@require_safe
def handover(request: HttpRequest, handover_id: UUID) -> HttpResponse:
    return _page(request, _in_sight(request, handover_id))


def _in_sight(request: HttpRequest, handover_id: UUID) -> Handover:
    """The handover when the reader stands on one of its sides, or watches over both; else 404."""
    mine = Handover.objects.visible_to(acting_user(request.user)).select_related(*_FOR_A_PAGE)
    found: Handover = get_object_or_404(mine, pk=handover_id)
    return found


@transaction.atomic
def _page(request: HttpRequest, found: Handover, **forms: Form) -> HttpResponse:
    """The page of one handover; 422 when one of its forms comes back with errors."""
    user = acting_user(request.user)
    told = described(user, found, county_names({found.destination_code} - {""}))
    side = told["side"]
    readings.record_files(request, ids=[found.youth_id], purpose="交接")
    context = told | {
        "history": _history(found),
        "can_offer_again": side.sees_file and found.state == Handover.State.RETURNED and _is_last(found),
        "return_form": forms.get("return_form") or ReturnForm(),
        "answer_form": forms.get("answer_form") or AnswerForm(),
        "committee": _committee(told["reached"])
        if found.to_grid_id is None and found.destination_code
        else "",
    }
    return render(request, "registry/handovers/handover.html", context, status=422 if forms else 200)


def _history(found: Handover) -> list[dict[str, Any]]:
    """What became of it, oldest first: states and levels only, since a reason may tell what one side must not know."""
    steps, before = [], None
    for row in found.history.select_related("history_user").order_by("history_date", "history_id"):
        if before is None or (row.state, row.level) != (before.state, before.level):
            steps.append({"at": row.history_date, "by": row.history_user, "words": _words(row, before)})
        before = row
    return steps


def _words(row: Any, before: Any) -> str:
    if before is None:
        return "发起交接"
    if row.state == Handover.State.ESCALATED:
        return f"超时未接收，上报到{row.get_level_display()}"
    return str(row.get_state_display())


def _is_last(found: Handover) -> bool:
    """Whether nothing followed this handover, and the person still lives in another grid of the city."""
    youth = found.youth
    if not youth.lives_in or youth.lives_in == youth.grid_id:
        return False
    return not youth.handovers.filter(offered_at__gt=found.offered_at).exists()


def _committee(place: str) -> str:
    """The league committee of the destination, to whom the letter goes."""
    return f"共青团{place}委员会"


@requires(Permission.SEE_YOUTHS)
@require_POST
def handover_accept(request: HttpRequest, handover_id: UUID) -> HttpResponse:
    found = _in_sight(request, handover_id)
    if not Side.of(acting_user(request.user), found).receives:
        raise Http404

    def accept(user: User) -> HttpResponse:
        youth = verbs.accept(found, by=user)
        messages.success(request, f"已接收{youth.masked_name}，首次走访定在 {youth.next_due_on:%m-%d}。")
        return redirect("youth", youth.pk)

    return _act(request, found, accept)


@requires(Permission.SEE_YOUTHS)
@require_POST
def handover_return(request: HttpRequest, handover_id: UUID) -> HttpResponse:
    found = _in_sight(request, handover_id)
    if not Side.of(acting_user(request.user), found).receives:
        raise Http404
    form = ReturnForm(request.POST)
    if not form.is_valid() and found.is_open:
        return _page(request, found, return_form=form)

    def give_back(user: User) -> HttpResponse:
        data = form.cleaned_data
        verbs.return_to_sender(found, reason=data.get("reason", ""), note=data.get("note", ""), by=user)
        messages.success(request, f"已退回{found.youth.masked_name}，原网格会查清去向。")
        return redirect("home")

    return _act(request, found, give_back)


@requires(Permission.SEE_YOUTHS)
@require_POST
def handover_answer(request: HttpRequest, handover_id: UUID) -> HttpResponse:
    found = _in_sight(request, handover_id)
    if found.to_grid_id is not None or not Side.of(acting_user(request.user), found).gives:
        raise Http404
    form = AnswerForm(request.POST)
    if not form.is_valid() and found.is_open:
        return _page(request, found, answer_form=form)

    def record(user: User) -> HttpResponse:
        verbs.answer(found, note=form.cleaned_data.get("note", ""), by=user)
        messages.success(request, f"已记录外地对{found.youth.masked_name}的答复，交接办结。")
        return redirect("handover", found.pk)

    return _act(request, found, record)


@requires(Permission.SEE_YOUTHS)
@require_POST
def handover_again(request: HttpRequest, handover_id: UUID) -> HttpResponse:
    """After a return: the old side found the person where the move said, or corrected it, and offers anew."""
    found = _in_sight(request, handover_id)
    if not Side.of(acting_user(request.user), found).sees_file:
        raise Http404

    def offer(user: User) -> HttpResponse:
        again = verbs.offer_again(found.youth, by=user)
        messages.success(request, f"已重新发起{found.youth.masked_name}的交接，对方接收前仍由原网格负责。")
        return redirect("handover", again.pk)

    return _act(request, found, offer)


def _act(request: HttpRequest, found: Handover, act: Callable[[User], HttpResponse]) -> HttpResponse:
    """Do it, unless somebody was faster: then say who, and show how things stand."""
    user = acting_user(request.user)
    try:
        return act(user)
    except verbs.HandoverEnded as ended:
        messages.warning(request, f"{ended}。")
    return redirect("handover", found.pk)
