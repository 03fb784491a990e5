"""Verbs on visits 走访: record one, and verify 核实 that a file is true as it stands."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from grids.models import User

from . import register_row
from .codes import Grade, PersonMet
from .holding import Refused, hold, keep, once, refuse_used
from .models import Need, Visit, Youth

# Nobody was met: the visit is tried again soon, whatever the grade.
TRY_AGAIN = timedelta(days=7)
LATEST_NEXT_VISIT = timedelta(days=180)


def visit_period(youth: Youth) -> timedelta:
    """The longest time from one visit to the next: the grade's, or less when an open category asks for it."""
    of_categories = youth.enrolments.open().values_list("category__visit_days", flat=True)
    days = [Grade(youth.grade).visit_days, *(days for days in of_categories if days)]
    return timedelta(days=min(days))


def next_visit_day(youth: Youth, *, visited_on: date, met: str) -> date:
    """When the next visit falls due after this one, if the worker names no other day."""
    period = visit_period(youth)
    return visited_on + (min(period, TRY_AGAIN) if met == PersonMet.NOBODY else period)


@transaction.atomic
def record_visit(
    *,
    youth: Youth,
    visited_on: date,
    method: str,
    met: str,
    found: str,
    confirmed: Iterable[str] = (),
    corrected: str = "",
    needs: Iterable[str] = (),
    resolved: Iterable[str] = (),
    outcome: str = "",
    next_due_on: date | None = None,
    by: User,
    submission_key: UUID | None = None,
) -> Visit:
    """Record a visit: what was found, confirmed and corrected; open and resolve needs; set the next due day.

    A visit that confirms the address verifies the file on its day. One entered later than a newer one leaves the
    plan as it is. The same submission twice makes one visit. Raises Refused.
    """
    held = hold(youth, by=by)
    if submission_key and (first := held.visits.filter(submission_key=submission_key).first()):
        done: Visit = first
        return done
    refuse_used(submission_key)
    _check_days(held, visited_on=visited_on, next_due_on=next_due_on)
    is_latest = not held.visits.filter(visited_on__gt=visited_on).exists()
    visit = Visit(
        youth=held,
        visited_on=visited_on,
        method=method,
        met=met,
        found=found,
        confirmed=list(confirmed),
        corrected=corrected or None,
        next_due_on=next_due_on or next_visit_day(held, visited_on=visited_on, met=met),
        by=by,
        submission_key=submission_key,
    )
    with once():
        visit.save(force_insert=True)
    _open_needs(visit, needs)
    _resolve_needs(visit, resolved, outcome)
    _replan(held, visit, is_latest=is_latest, by=by)
    register_row.refresh([held.pk])
    return visit


def _check_days(youth: Youth, *, visited_on: date, next_due_on: date | None) -> None:
    today = timezone.localdate()
    if visited_on > today:
        raise Refused("走访日期不能晚于今天。", field="visited_on")
    if visited_on < youth.resident.birth_on:
        raise Refused("走访日期不能早于出生日期。", field="visited_on")
    if next_due_on is None:
        return
    if next_due_on <= max(visited_on, today - timedelta(days=1)):
        raise Refused("下次走访要晚于这次走访，也不能在今天以前。", field="next_due_on")
    if next_due_on > today + LATEST_NEXT_VISIT:
        raise Refused(f"下次走访最晚在 {LATEST_NEXT_VISIT.days} 天之内。", field="next_due_on")


def _open_needs(visit: Visit, kinds: Iterable[str]) -> None:
    running = set(visit.youth.open_and_closed_needs.open().values_list("kind", flat=True))
    Need.objects.bulk_create(
        Need(youth=visit.youth, kind=kind, opened_on=visit.visited_on, visit=visit)
        for kind in dict.fromkeys(kinds)
        if kind not in running
    )


def _resolve_needs(visit: Visit, kinds: Iterable[str], outcome: str) -> None:
    kinds = list(kinds)
    if kinds and not outcome:
        raise Refused("请写明需求是怎么解决的。", field="outcome")
    running = visit.youth.open_and_closed_needs.open().filter(kind__in=kinds)
    running.update(closed_on=visit.visited_on, outcome=outcome)


def _replan(youth: Youth, visit: Visit, *, is_latest: bool, by: User) -> None:
    fields = []
    if is_latest and youth.next_due_on != visit.next_due_on:
        youth.next_due_on = visit.next_due_on
        fields.append("next_due_on")
    verified = Visit.Confirmable.ADDRESS in visit.confirmed and visit.met != PersonMet.NOBODY
    if verified and (youth.last_verified_on is None or youth.last_verified_on < visit.visited_on):
        youth.last_verified_on = visit.visited_on
        fields.append("last_verified_on")
    if fields:
        keep(youth, by=by, why="走访", fields=fields)


@transaction.atomic
def verify(*, youth: Youth, by: User) -> Youth:
    """Confirm the file as it stands. Once a day is enough: a second time the same day changes nothing."""
    held = hold(youth, by=by)
    if held.last_verified_on != timezone.localdate():
        held.last_verified_on = timezone.localdate()
        keep(held, by=by, why="核实无误", fields=["last_verified_on"])
    return held
