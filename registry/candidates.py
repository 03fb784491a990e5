"""Verbs on candidates 线索: tell what a visit found, verify, set aside. One wins; the same act twice is one act.

Locks are taken in the order of everything else: the resident, the candidate, the file.
"""

from datetime import date

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from grids import alerts
from grids.models import Alert, Post, User
from grids.permissions import Permission

from . import enrolments, rules, visits, youths
from .codes import PersonMet, VisitMethod
from .holding import Refused
from .models import Candidate, Enrolment, Youth
from .names import mask_name
from .reasons import knows_reasons

_State, _Help, _Result = Candidate.State, Candidate.Help, Candidate.VisitResult

# The reason of a file that is opened for other help: everybody who sees the file reads it, so it says no more.
OPENED_FOR_HELP = "走访中发现需要关爱"
NOT_FOUND = "走访时没有找到人"


class CandidateEnded(Refused):
    """Somebody was faster, or the facts have ended; the message says so in Chinese, and no more than one may know."""


def is_told_to(candidate: Candidate, user: User) -> bool:
    """Whether this person may know the category and the reason, and so decide."""
    return not candidate.is_quiet or knows_reasons(user, candidate.grid_id)


@transaction.atomic
def record_visit(candidate: Candidate, *, result: str, met: str = "", note: str = "", by: User) -> Candidate:
    """What the grid found, by somebody who need not know why: who knows decides on it.

    For 流动儿童 the visit itself is the answer. Raises CandidateEnded; Candidate.DoesNotExist when out of scope.
    """
    held = _hold(candidate, by=by)
    if held.visited_by_id == by.pk and held.visited_at is not None:
        return held
    _still_open(held, by=by)
    if held.visited_at is not None:
        raise CandidateEnded(f"{held.visited_by}已经走访过，不必再走。")
    for one in (held, *_of_the_same_person(held, by=by)):
        _take_visit(one, result=result, met=met, note=note, by=by)
    rules.settle_grids([held.grid_id])
    return held


def _of_the_same_person(held: Candidate, *, by: User) -> list[Candidate]:
    """Other quiet ones that wait: to the worker they are this one visit. (The resident is locked.)"""
    mine = Candidate.objects.visible_to(by, Permission.ENROL).to_visit().exclude(pk=held.pk)
    others = mine.filter(resident=held.resident_id, grid=held.grid_id, is_quiet=True)
    return list(others.select_related("resident", "category").select_for_update(of=("self",), no_key=True))


def _take_visit(held: Candidate, *, result: str, met: str, note: str, by: User) -> None:
    found = result == _Result.SEEN
    held.visited_at, held.visited_by, held.visit_result = timezone.now(), by, result
    held.visit_met, held.visit_note = (met if found else PersonMet.NOBODY), note or None
    if held.help_kind == _Help.MOVING:
        _close(held, _State.VERIFIED if found else _State.SET_ASIDE, by=by, reason="" if found else NOT_FOUND)
    else:
        held.save()
        _ask_for_a_decision(held)


@transaction.atomic
def verify(candidate: Candidate, *, evidence: str, on: date, by: User) -> Youth | None:
    """It is so: open the file and enrol, end the enrolment, or take note that other help is needed.

    `on`: since when, or (leaving) from when on. Returns the file, None where none is needed. Verifying twice is
    verifying once. Raises CandidateEnded, and Refused as the verbs on files and enrolments do.
    """
    held = _hold_told(candidate, by=by)
    if held.state == _State.VERIFIED and held.decided_by_id == by.pk:
        return _file_of(held)
    _still_open(held, by=by)
    youth = (
        _leave(held, evidence, on, by)
        if held.kind == Candidate.Kind.LEAVE
        else _enter(held, evidence, on, by)
    )
    _close(held, _State.VERIFIED, by=by)
    return youth


@transaction.atomic
def set_aside(candidate: Candidate, *, reason: str, by: User) -> Candidate:
    """It is not so, or wants nothing: it does not come back on these facts. Raises CandidateEnded."""
    held = _hold_told(candidate, by=by)
    if held.state == _State.SET_ASIDE and held.decided_by_id == by.pk:
        return held
    _still_open(held, by=by)
    _close(held, _State.SET_ASIDE, by=by, reason=reason)
    return held


def _hold(candidate: Candidate, *, by: User) -> Candidate:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM registry_resident WHERE id = %s FOR NO KEY UPDATE", [candidate.resident_id]
        )
    mine = Candidate.objects.visible_to(by, Permission.ENROL)
    with_it = ("resident", "category", "enrolment__youth", "visited_by", "decided_by")
    held: Candidate = (
        mine.select_for_update(of=("self",), no_key=True).select_related(*with_it).get(pk=candidate.pk)
    )
    return held


def _hold_told(candidate: Candidate, *, by: User) -> Candidate:
    """To those who must not know there is nothing to decide."""
    held = _hold(candidate, by=by)
    if not is_told_to(held, by):
        raise Candidate.DoesNotExist
    return held


def _still_open(held: Candidate, *, by: User) -> None:
    if held.state == _State.OPEN:
        return
    if not is_told_to(held, by):
        raise CandidateEnded("这次走访已经不需要了。")
    if held.decided_by is None:
        raise CandidateEnded("情况有了变化，这条线索已自动撤回。")
    raise CandidateEnded(f"{held.decided_by}刚刚办理了这条线索：{held.get_state_display()}。")


def _enter(held: Candidate, evidence: str, on: date, by: User) -> Youth | None:
    if held.help_kind == _Help.MOVING:
        return None
    reason = OPENED_FOR_HELP if held.help_kind else ""
    youth = youths.open_file(resident=held.resident, reason=reason, by=by)
    _carry_visit_over(held, youth)
    if held.category is not None:
        running: Enrolment | None = youth.enrolments.open().filter(category=held.category).first()
        held.enrolment = running or enrolments.enrol(
            youth=youth, category=held.category, starts_on=on, evidence=evidence, clause=held.clause, by=by
        )
    return youth


def _leave(held: Candidate, reason: str, on: date, by: User) -> Youth:
    assert held.enrolment is not None, "a constraint holds that leaving has an enrolment"  # noqa: S101
    enrolments.end(enrolment=held.enrolment, ends_on=on, reason=reason, by=by)
    return held.enrolment.youth


def _carry_visit_over(held: Candidate, youth: Youth) -> None:
    """What the worker told stands on the file as the visit that it was; nobody enters it twice."""
    if held.visited_at is None or held.visited_by is None or held.visit_result != _Result.SEEN:
        return
    if not held.visited_by.may_in(Permission.SEE_YOUTHS, youth.grid_id):
        return  # no longer of this grid
    visits.record_visit(
        youth=youth,
        visited_on=timezone.localdate(held.visited_at),
        method=VisitMethod.HOME,
        met=held.visit_met,
        found=held.visit_note or "已入户走访。",
        confirmed=["address"],
        by=held.visited_by,
    )


def _close(held: Candidate, state: str, *, by: User, reason: str = "") -> None:
    held.state, held.decided_at, held.decided_by, held.decision_reason = state, timezone.now(), by, reason
    held.save()
    alerts.settle(f"candidate:{held.pk}:")
    rules.settle_grids([held.grid_id])


def _file_of(held: Candidate) -> Youth | None:
    youth: Youth | None = getattr(held.resident, "youth", None)
    return youth


def _ask_for_a_decision(held: Candidate) -> None:
    alerts.raise_alert(
        event_key=f"candidate:{held.pk}:visited",
        kind=Alert.Kind.CANDIDATE_VISITED,
        text=f"{mask_name(held.resident.name)}已走访，请核定",
        addressees=_who_decide(held),
        path=f"/candidates/{held.pk}/",
    )


def _who_decide(held: Candidate) -> list[int]:
    """Of those who may know, the nearest: persons named in the street, else the district's lead, else the city's."""
    code = held.grid_id
    posts = Post.objects.current().filter(
        Q(is_lead=True) | Q(knows_reasons=True),
        division__in=[code[:9], code[:6], code[:4]],
        user__is_active=True,
    )
    knowing = [post for post in posts if not held.is_quiet or Permission.KNOW_REASONS in post.permissions]
    nearest = max((len(post.division_id or "") for post in knowing), default=0)
    return [post.user_id for post in knowing if len(post.division_id or "") == nearest]
