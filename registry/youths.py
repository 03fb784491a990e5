"""Verbs on the file of a young person 青少年档案: open, grade, close.

Each is one transaction under a lock of the file's row, keeps who did it and why, and refreshes the list columns.
"""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission

from . import register_row
from .codes import Grade
from .enrolments import end_all
from .holding import Refused, StaleEdit, hold, keep
from .models import Resident, Youth
from .models.youths import age_on
from .reasons import knows_reasons

# What of higher apps must be ended before a file is closed: see `on_closing`.
Ask = Callable[[Youth], str]
_asked: list[Ask] = []


def on_closing(ask: Ask) -> None:
    """Have a higher app asked before a file is closed: it answers why not, in Chinese, or "" where nothing speaks
    against it. An app says so when it starts."""
    _asked.append(ask)


OLDEST = 25  # 青少年: up to and including 25 whole years


@transaction.atomic
def open_file(*, resident: Resident, reason: str = "", grade: str = Grade.B, by: User) -> Youth:
    """Open a file for a resident who lives where `by` may enrol, or open a closed one again.

    The grid of the home is responsible from now on. The first visit falls due as after a handover. A resident who
    already has an open file gets that one back when it is in scope. Raises Refused.
    """
    resident = _resident_held(resident, by=by)
    home = resident.residences.current().select_related("dwelling").get()
    grid_code = home.dwelling.grid_id
    if age_on(resident.birth_on, timezone.localdate()) > OLDEST:
        raise Refused(f"此人已满 {OLDEST + 1} 周岁，不在服务年龄内，不能建档。")
    existing: Youth | None = getattr(resident, "youth", None)
    if existing is not None and existing.state == Youth.State.OPEN:
        if by.may_in(Permission.ENROL, existing.grid_id):
            return existing
        raise Refused("此人已有档案，由别的网格负责；如果人已搬来，请在“迁移”中查看交接。")
    youth = existing or Youth(resident=resident)
    first_visit_days = settings.FIRST_VISIT_DAYS[grade]
    youth.grid_id, youth.state, youth.grade = grid_code, Youth.State.OPEN, grade
    youth.opened_on, youth.opened_by, youth.opened_reason = timezone.localdate(), by, reason
    youth.closed_on, youth.closed_reason = None, ""
    youth.next_due_on = timezone.localdate() + timedelta(days=first_visit_days)
    youth.last_verified_on = timezone.localdate()
    youth.name, youth.sex, youth.birth_on = resident.name, resident.sex, resident.birth_on
    keep(youth, by=by, why="重新建档" if existing else "建档")
    register_row.refresh([youth.pk])
    return youth


def _resident_held(resident: Resident, *, by: User) -> Resident:
    """Locked, so that of two who open a file at once the second gets the first one's."""
    in_scope = Resident.objects.visible_to(by, Permission.ENROL)
    held: Resident = in_scope.select_for_update(of=("self",), no_key=True).get(pk=resident.pk)
    return held


@transaction.atomic
def set_grade(*, youth: Youth, grade: str, reason: str, version: int, by: User) -> Youth:
    """Set the grade 关注等级 with a reason. The next visit comes nearer when the new grade asks for it, never later.

    Sending the same again changes nothing. Raises StaleEdit when the file changed since `version`.
    """
    held = hold(youth, by=by)
    if (held.grade, held.grade_reason) == (grade, reason):
        return held
    if held.version != version:
        raise StaleEdit(held)
    latest = timezone.localdate() + timedelta(days=Grade(grade).visit_days)
    held.grade, held.grade_reason = grade, reason
    held.next_due_on = min(held.next_due_on or latest, latest)
    held.version += 1
    keep(held, by=by, why="定级", fields=["grade", "grade_reason", "next_due_on", "version"])
    return held


def may_close(youth: Youth, *, by: User) -> bool:
    """Whether no enrolment is open that `by` may not know of. (The page says so without saying why.)"""
    known = knows_reasons(by, youth.grid_id)
    return known or not youth.enrolments.open().filter(category__is_private=True).exists()


@transaction.atomic
def close_file(*, youth: Youth, reason: str, by: User) -> Youth:
    """Close the file with a reason; enrolments still open end with it. Raises Refused.

    A file that is being handed over cannot be closed: the new grid is waiting for it.
    """
    held = hold(youth, by=by, permission=Permission.ENROL)
    if held.handovers.open().exclude(to_grid=None).exists():
        raise Refused("这份档案正在交接，等对方接收或退回后再办理。")
    if not may_close(held, by=by):
        raise Refused("这份档案须由区县团委办理结档，请联系区县团委。")
    if reason_not := next(filter(None, (ask(held) for ask in _asked)), ""):
        raise Refused(reason_not)
    end_all(held, reason=f"结档：{reason}", by=by)
    held.state, held.closed_on, held.closed_reason = Youth.State.CLOSED, timezone.localdate(), reason
    keep(held, by=by, why="结档", fields=["state", "closed_on", "closed_reason"])
    register_row.refresh([held.pk])
    return held
