"""The readable history of a file: what changed, before and after, who, when and why.

Joined from the histories of the file, its enrolments, handovers and household, and from corrections 更正. What belongs
to a category that the reader may not know is left out whole, so that no gap, count or word tells of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import models
from django.utils import timezone

from grids.models import Grid

from .corrections import LABELS
from .models import Enrolment, Handover, Household, Youth

# What is worth telling of each; the rest (who, closing days that repeat the state, keys) is said by the event itself.
_TOLD: dict[type[models.Model], tuple[str, ...]] = {
    Youth: (
        "grid", "state", "opened_reason", "closed_reason", "grade", "grade_reason", "last_verified_on", "next_due_on",
    ),
    Enrolment: ("starts_on", "ends_on", "end_reason", "evidence", "clause", "review_on", "review_note"),
    Handover: ("to_grid", "state", "level", "due_at", "return_reason", "note"),
    Household: ("number", "note"),
}  # fmt: skip
_FIRST = {Youth: "建档", Enrolment: "认定类别", Handover: "发起交接", Household: "登记户"}
_THE_SYSTEM = "系统"


@dataclass(frozen=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Event:
    """One act of one moment. `changes` is empty for the first record of a thing, which has no before."""

    at: datetime
    title: str
    who: str
    why: str = ""
    changes: list[Change] = field(default_factory=list)


def timeline(youth: Youth, *, knows: bool) -> list[Event]:
    """Everything that happened to the file, newest first, as far as the reader may know. 7 statements, always."""
    records = {model: list(rows) for model, rows in _records(youth, knows=knows).items()}
    grids = _grid_names(row for rows in records.values() for row in rows)
    events = _corrections(youth)
    for model, rows in records.items():
        events += _events(model, rows, grids)
    return sorted(events, key=lambda event: event.at, reverse=True)


def _records(youth: Youth, *, knows: bool) -> dict[type[models.Model], Any]:
    enrolments = Enrolment.history.filter(youth_id=youth.pk).select_related("category")
    if not knows:
        enrolments = enrolments.filter(category__is_private=False)
    found = {
        Youth: Youth.history.filter(id=youth.pk),
        Enrolment: enrolments,
        Handover: Handover.history.filter(youth_id=youth.pk),
        Household: Household.history.filter(id=youth.resident.household_id),
    }
    order = ("history_date", "history_id")
    return {model: rows.select_related("history_user").order_by(*order) for model, rows in found.items()}


def _grid_names(rows: Iterable[Any]) -> dict[str, str]:
    codes = {getattr(row, name, None) for row in rows for name in ("grid_id", "to_grid_id")}
    found = Grid.objects.filter(pk__in=codes - {None}).select_related("community")
    return {grid.pk: f"{grid.community} {grid}" for grid in found}


def _events(model: type[models.Model], rows: list[Any], grids: dict[str, str]) -> list[Event]:
    """What each record changed against the one before it of the same thing."""
    before: dict[Any, Any] = {}
    events = []
    for row in rows:
        event = _event(model, before.get(row.id), row, grids)
        before[row.id] = row
        if event.changes or event.why or row.history_type == "+":
            events.append(event)
    return events


def _event(model: type[models.Model], before: Any, row: Any, grids: dict[str, str]) -> Event:
    changes = _changes(model, before, row, grids) if before else []
    title = _title(model, row)
    why = row.history_change_reason or ""
    return Event(
        at=row.history_date,
        title=title,
        who=str(row.history_user or _THE_SYSTEM),
        why="" if title.startswith(why) else why,
        changes=changes,
    )


def _title(model: type[models.Model], row: Any) -> str:
    if model is Enrolment:
        act = "终止类别" if row.ends_on else _FIRST[model] if row.history_type == "+" else "复核"
        return f"{act}：{row.category.name}"
    if model is Handover:
        return "发起交接" if row.state == Handover.State.OFFERED else f"交接{row.get_state_display()}"
    if row.history_type == "+":
        return _FIRST[model]
    return "修改户信息" if model is Household else row.history_change_reason or "修改档案"


def _changes(model: type[models.Model], before: Any, row: Any, grids: dict[str, str]) -> list[Change]:
    changes = []
    for name in _TOLD[model]:
        told: Any = model._meta.get_field(name)
        old, new = getattr(before, told.attname), getattr(row, told.attname)
        if old != new:
            changes.append(Change(str(told.verbose_name), _word(told, old, grids), _word(told, new, grids)))
    return changes


def _word(told: Any, value: Any, grids: dict[str, str]) -> str:
    """A stored value as people read it."""
    if value is None or value == "":
        return "无"
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if told.is_relation:
        return grids.get(value, str(value))
    return str(dict(told.flatchoices).get(value, value))


def _corrections(youth: Youth) -> list[Event]:
    return [
        Event(
            at=correction.created_at,
            title="更正",
            who=str(correction.by),
            why=correction.reason,
            changes=[Change(LABELS[name], old or "无", new or "无") for name, old, new in correction.changes],
        )
        for correction in youth.corrections.select_related("by")
    ]
