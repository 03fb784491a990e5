"""Candidates 线索: the list with its funnel, one candidate, and the acts on it: visited, it is so, it is not so.

Two pages in one: whoever may know the reason reads it and decides; whoever must not is asked to visit, in the same
words for whatever it is about, and sees nothing of what becomes of it.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from grids.models import User
from grids.models.staff import acting_user
from grids.paging import read_page
from grids.permissions import Permission, requires

from .. import candidates as verbs
from .. import readings
from ..board import place_of
from ..candidate_rows import FOR_A_ROW, rows_of, topic_words
from ..filters.candidates import CandidateFilter
from ..filters.places import Places
from ..forms.candidates import CandidateVisitForm, SetAsideForm, VerifyForm
from ..funnel import funnel_of
from ..holding import Refused
from ..models import Candidate, Reading, Youth
from ..models.youths import age_on
from ..person import look_at
from ..reasons import knows_all_reasons
from ..snapshots import snapshot
from .held_file import hiding_what_left

_FOR_A_PAGE = (*FOR_A_ROW, "enrolment", "visited_by", "decided_by", "grid__responsible__user")


@never_cache
@require_safe
@requires(Permission.SEE_YOUTHS)
def candidates(request: HttpRequest) -> HttpResponse:
    """What waits for a visit, the longest waiting first; with the funnel for those who see figures."""
    user = acting_user(request.user)
    with snapshot(recorded=True):
        places = Places(user.prefixes(Permission.SEE_YOUTHS), request.GET.get("division", ""))
        form = CandidateFilter(request.GET, user=user, places=places)
        context: dict[str, Any] = {"form": form, "places": places}
        if form.is_valid():
            context |= _listed(request, user, form)
        status = 200 if form.is_valid() else 422
        return render(request, "registry/candidates/list.html", context, status=status)


def _listed(request: HttpRequest, user: User, form: CandidateFilter) -> dict[str, Any]:
    mine = Candidate.objects.as_seen_by(user)
    page = read_page(
        form.listed(mine).select_related(*FOR_A_ROW),
        request.GET,
        "suggested_on",
        descending=form.state_ != "todo",
        among=mine,
    )
    rows = rows_of(user, page.rows, skip=_shared_levels(form.places))
    named = [row.candidate.resident_id for row in rows]
    readings.record(request, what=Reading.Subject.RESIDENT, ids=named, purpose="线索")
    states = form.state_counts(mine)
    return {
        "page": page,
        "rows": rows,
        "state": form.state_,
        "states": states,
        "count": next(number for key, _, number in states if key == form.state_),
        "topics": form.topic_counts(mine),
        "ages": form.age_counts(mine),
        "divisions": _division_counts(form, mine),
        "chips": _chips(form),
        "funnel": funnel_of(user, form.places) if user.may(Permission.SEE_BOARD) else None,
        "knows_all": knows_all_reasons(user),
    }


def _shared_levels(places: Places) -> int:
    """How many of district, street, community every row has in common."""
    roots = places.roots
    lengths = (6, 9, 12)
    return sum(1 for n in lengths if len({root[:n] for root in roots}) == 1 and len(roots[0]) >= n)


def _division_counts(form: CandidateFilter, mine: Any) -> list[tuple[str, str, int]]:
    """(code, name, how many) of the next level below the place that the list stands on."""
    placed = form.listed(mine).annotate(place=place_of(form.places)("grid_id")).exclude(place=None).order_by()
    found = placed.values_list("place").annotate(Count("id")).order_by("place")
    return [(code, form.places.label(code), number) for code, number in found if code != form.places.base]


def _chips(form: CandidateFilter) -> list[tuple[str, str]]:
    """(parameter, words) of the conditions in force."""
    found = []
    for name in ("topic", "kind", "age", "division"):
        if value := form.cleaned_data.get(name):
            field: Any = form.fields[name]
            found.append((name, f"{field.label}：{str(dict(field.choices).get(value, value)).strip()}"))
    return found


@never_cache
@require_safe
@requires(Permission.SEE_YOUTHS)
def candidate(request: HttpRequest, candidate_id: UUID) -> HttpResponse:
    return _page(request, _in_scope(request, candidate_id))


def _in_scope(request: HttpRequest, candidate_id: UUID) -> Candidate:
    mine = Candidate.objects.visible_to(acting_user(request.user)).select_related(*_FOR_A_PAGE)
    found: Candidate = get_object_or_404(mine, pk=candidate_id)
    return found


@transaction.atomic
def _page(request: HttpRequest, found: Candidate, **forms: Any) -> HttpResponse:
    """One candidate; 422 when one of its forms comes back with errors."""
    user = acting_user(request.user)
    told = verbs.is_told_to(found, user)
    is_open = found.state == Candidate.State.OPEN
    if not told and not is_open and found.visited_at is None:
        messages.info(request, "这次走访已经不需要了。")
        return redirect("candidates")
    home = found.resident.residences.current().select_related("dwelling").first()
    readings.record(request, what=Reading.Subject.RESIDENT, ids=[found.resident_id], purpose="线索")
    age = age_on(found.resident.birth_on, timezone.localdate())
    context = {
        "candidate": found,
        "resident": found.resident,
        "age": age,
        "home": home.dwelling if home else None,
        "look_at": look_at(age),
        "youth": _file(found, user),
        "is_told": told,
        "topic": topic_words(found) if told else "",
        "may_visit": is_open and found.visited_at is None and (not told or found.is_quiet),
        "may_decide": is_open and told and user.may_in(Permission.ENROL, found.grid_id),
        "visit_form": forms.get("visit_form") or CandidateVisitForm(),
        "verify_form": forms.get("verify_form") or VerifyForm(candidate=found),
        "set_aside_form": forms.get("set_aside_form") or SetAsideForm(),
    }
    page = "candidate" if told else "visit"
    return render(request, f"registry/candidates/{page}.html", context, status=422 if forms else 200)


def _file(found: Candidate, user: User) -> Youth | None:
    """The person's open file, if the reader may open it."""
    return Youth.objects.visible_to(user).open().filter(resident=found.resident_id).first()


@requires(Permission.ENROL)
@require_POST
@hiding_what_left
def candidate_visited(request: HttpRequest, candidate_id: UUID) -> HttpResponse:
    """What was found at the door. Only quiet ones ask for it: the others are decided at once."""
    found = _in_scope(request, candidate_id)
    if not found.is_quiet:
        raise Http404
    form = CandidateVisitForm(request.POST)
    if not form.is_valid():
        return _page(request, found, visit_form=form)

    def record(user: User) -> HttpResponse:
        given = form.cleaned_data
        verbs.record_visit(found, result=given["result"], met=given["met"], note=given["note"], by=user)
        messages.success(request, f"已记下对{found.resident.masked_name}的走访。")
        return redirect("candidates")

    return _act(request, found, record)


@requires(Permission.ENROL)
@require_POST
@hiding_what_left
def candidate_verify(request: HttpRequest, candidate_id: UUID) -> HttpResponse:
    found = _to_decide(request, candidate_id)
    form = VerifyForm(request.POST, candidate=found)
    if not form.is_valid():
        return _page(request, found, verify_form=form)

    def verify(user: User) -> HttpResponse:
        given = form.cleaned_data
        try:
            youth = verbs.verify(found, evidence=given["evidence"], on=given["on"], by=user)
        except verbs.CandidateEnded:
            raise
        except Refused as refusal:
            form.refuse(
                {"starts_on": "on", "ends_on": "on"}.get(refusal.field or "", refusal.field), str(refusal)
            )
            return _page(request, found, verify_form=form)
        messages.success(request, _done(found))
        return redirect("youth", youth.pk) if youth else redirect("candidates")

    return _act(request, found, verify)


def _done(found: Candidate) -> str:
    name = found.resident.masked_name
    if found.kind == Candidate.Kind.LEAVE:
        return f"已终止{name}的{found.category}。"
    if found.category:
        return f"已认定{name}为{found.category}。"
    if found.help_kind == Candidate.Help.UNATTENDED:
        return f"已核实{name}为事实无人抚养儿童并建档，请转介民政部门办理保障。"
    return f"已核实{name}为流动儿童。"


@requires(Permission.ENROL)
@require_POST
@hiding_what_left
def candidate_set_aside(request: HttpRequest, candidate_id: UUID) -> HttpResponse:
    found = _to_decide(request, candidate_id)
    form = SetAsideForm(request.POST)
    if not form.is_valid():
        return _page(request, found, set_aside_form=form)

    def put_aside(user: User) -> HttpResponse:
        verbs.set_aside(found, reason=form.cleaned_data["reason"], by=user)
        messages.success(request, f"已搁置{found.resident.masked_name}的线索；有新情况时会再提出。")
        return redirect("candidates")

    return _act(request, found, put_aside)


def _to_decide(request: HttpRequest, candidate_id: UUID) -> Candidate:
    """To those who must not know, there is nothing to decide: as missing as one that never was."""
    found = _in_scope(request, candidate_id)
    if not verbs.is_told_to(found, acting_user(request.user)):
        raise Http404
    return found


def _act(request: HttpRequest, found: Candidate, act: Callable[[User], HttpResponse]) -> HttpResponse:
    """Do it, unless somebody was faster: then say so, and show how things stand."""
    user = acting_user(request.user)
    try:
        return act(user)
    except verbs.CandidateEnded as ended:
        messages.warning(request, str(ended))
    told = verbs.is_told_to(found, user)
    return redirect("candidate", found.pk) if told else redirect("candidates")
