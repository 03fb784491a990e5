"""Handovers 交接: the responsibility that follows a move (ARCHITECTURE: the life of a move).

Until the new grid accepts, the old one is responsible and keeps sight; from acceptance the new grid has all.
Locks are taken in one order everywhere: the youth's row, then the handover's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from grids import alerts
from grids.models import Alert, Grid, ResponsiblePerson, User

from .models import Handover, Youth
from .names import mask_name
from .sql import statements

# What of higher apps follows an accepted handover, in its transaction: see `on_accepted`.
Follow = Callable[..., object]
followers: list[Follow] = []


def on_accepted(follow: Follow) -> None:
    """Have what a higher app keeps of a file follow it: called as follow(handover, youth, by=user)."""
    followers.append(follow)


class HandoverEnded(Exception):
    """Somebody was faster, or the person moved again; the message says so in Chinese."""


@dataclass
class Told:
    handovers: int = 0
    alerts: int = 0
    addressees: set[int] = field(default_factory=set)


def follow_moves(*, by: int | None, reason: str) -> Told:
    """Cancel, keep and offer handovers for the staged changes of home, and tell everyone concerned.

    Works on the temporary tables that registry/moves.py has filled, inside its transaction.
    """
    sql = statements("handovers.sql")
    parameters = {
        "by": by,
        "reason": reason,
        "hours": settings.HANDOVER_HOURS,
        "hours_a": settings.HANDOVER_HOURS_GRADE_A,
        "out_days": settings.OUT_OF_CITY_ANSWER_DAYS,
    }
    told = Told()
    with connection.cursor() as cursor:
        for name in ("cancel", "keep", "offer", "moved_nearby", "family_left"):
            cursor.execute(sql[name], parameters)
            if name == "keep":
                continue
            count, alert_count, addressees = cursor.fetchone()
            told.handovers += count if name == "offer" else 0
            told.alerts += alert_count
            told.addressees.update(addressees)
    return told


@transaction.atomic
def accept(handover: Handover, *, by: User) -> Youth:
    """The new grid takes over: visits, due dates, everything on the file. Schedules the first visit.

    Raises HandoverEnded when the handover is no longer open.
    """
    handover = _still_open(handover)
    youth = handover.youth
    assert handover.to_grid is not None, "out of the city there is nobody here to accept"  # noqa: S101
    youth.grid = handover.to_grid
    youth.next_due_on = timezone.localdate() + timedelta(days=settings.FIRST_VISIT_DAYS[youth.grade])
    youth.version += 1
    _save(youth, by=by, why="接收交接", fields=["grid", "next_due_on", "version"])
    _end(handover, Handover.State.ACCEPTED, by=by, why="接收")
    _tell(
        handover,
        Alert.Kind.HANDOVER_ACCEPTED,
        f"{youth.masked_name}已由{handover.to_grid.full_name}接收",
        to=[handover.from_grid_id],
        by=by,
    )
    for follow in followers:
        follow(handover, youth, by=by)
    return youth


@transaction.atomic
def return_to_sender(handover: Handover, *, reason: str, note: str = "", by: User) -> Handover:
    """Wrong address or not found: the old grid stays responsible and must find out. Raises HandoverEnded."""
    handover = _still_open(handover)
    assert handover.to_grid is not None, "out of the city there is nobody here to return it"  # noqa: S101
    handover.return_reason, handover.note = reason, note
    _end(handover, Handover.State.RETURNED, by=by, why=f"退回：{handover.get_return_reason_display()}")
    reason_zh = handover.get_return_reason_display()
    text = f"{handover.youth.masked_name}被{handover.to_grid.full_name}退回：{reason_zh}，请查清去向"
    _tell(handover, Alert.Kind.HANDOVER_RETURNED, text, to=[handover.from_grid_id], by=by, wants_act=True)
    return handover


@transaction.atomic
def answer(handover: Handover, *, note: str, by: User) -> Handover:
    """Record what the destination outside the city answered; the handover ends. Raises HandoverEnded."""
    handover = _still_open(handover)
    handover.note = note
    _end(handover, Handover.State.ANSWERED, by=by, why="外地已答复")
    text = f"{handover.youth.masked_name}：迁往地已答复，可以办理结档"
    _tell(handover, Alert.Kind.HANDOVER_ANSWERED, text, to=[handover.from_grid_id], by=by, wants_act=True)
    return handover


@transaction.atomic
def offer_again(youth: Youth, *, by: User) -> Handover:
    """After a return: the address was right after all. Raises HandoverEnded when there is nothing to offer."""
    youth = youth_for_update(youth)
    last = youth.handovers.order_by("-offered_at").first()
    is_under_way = youth.handovers.open().exists()
    if last is None or is_under_way or not youth.lives_in or youth.lives_in == youth.grid_id:
        raise HandoverEnded("这份档案现在没有可以重新发起的交接")
    hours = settings.HANDOVER_HOURS_GRADE_A if youth.grade == "A" else settings.HANDOVER_HOURS
    handover = Handover(
        youth=youth,
        move=last.move,
        from_grid=youth.grid,
        to_grid_id=youth.lives_in,
        due_at=timezone.now() + timedelta(hours=hours),
    )
    _save(handover, by=by, why="重新发起交接")
    ensure_alerts()
    return handover


def escalate_due(now: datetime | None = None) -> int:
    """Raise what is due one level (community, street, district, city), and see that everyone who must act is told.

    Run by the sweep. Returns how many were raised.
    """
    parameters: dict[str, datetime | int] = {"now": now or timezone.now(), "hours": settings.ESCALATION_HOURS}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements("handovers.sql")["escalate"], parameters)
        raised = len(cursor.fetchall())
        ensure_alerts()
    return raised


_EVENTS = {
    "offered": (Alert.Kind.HANDOVER_OFFERED, "{name}迁入{place}，请接收"),
    "leaving": (Alert.Kind.HANDOVER_LEAVING, "{name}迁往{place}，对方接收前仍由您负责"),
    "escalated": (Alert.Kind.HANDOVER_ESCALATED, "{name}迁入{place}，超时无人接收，请督促或代为接收"),
}
# Out of the city nobody accepts here: an answer is waited for.
_EVENTS_OUT = {
    "leaving": "{name}迁出本市，请联系迁往地并记录答复，答复前仍由您负责",
    "escalated": "{name}迁出本市，迁往地超时未答复，请督促",
}


def ensure_alerts() -> int:
    """Write the alerts that open handovers lack: after a climb, an offer again, or a change of worker."""
    with connection.cursor() as cursor:
        cursor.execute(statements("handovers.sql")["missing_alerts"])
        missing = cursor.fetchall()
    written = 0
    grids = Grid.objects.select_related("community").in_bulk({row[-1] for row in missing if row[-1]})
    for handover_id, youth_id, name, user_id, event, due_at, to_grid in missing:
        event_name = event.partition(":")[0]
        kind, text = _EVENTS[event_name]
        text = text if to_grid else _EVENTS_OUT[event_name]
        written += alerts.raise_alert(
            event_key=f"handover:{handover_id}:{event}",
            kind=kind,
            text=text.format(name=mask_name(name), place=grids[to_grid].full_name if to_grid else ""),
            addressees=[user_id],
            path=f"/handovers/{handover_id}/",
            subject_id=youth_id,
            due_at=due_at,
        )
    return written


def youth_for_update(youth: Youth) -> Youth:
    """The file again, locked until the end of the transaction.

    Without joins: a row that changed while we waited for its lock would drop out of a join on what changed.
    """
    everyone = Youth.objects.everyone(because="the caller holds this file; it is only locked and read anew")
    return everyone.select_for_update().get(pk=youth.pk)


def _still_open(handover: Handover) -> Handover:
    youth = youth_for_update(handover.youth)
    fresh = youth.handovers.select_for_update().get(pk=handover.pk)
    if not fresh.is_open:
        who = (
            f"{fresh.ended_by}于 {timezone.localtime(fresh.ended_at):%m月%d日 %H:%M} "
            if fresh.ended_by
            else ""
        )
        raise HandoverEnded(f"这个交接已经结束：{who}{fresh.get_state_display()}")
    fresh.youth = youth
    return fresh


def _end(handover: Handover, state: str, *, by: User, why: str) -> None:
    handover.state, handover.ended_at, handover.ended_by = state, timezone.now(), by
    _save(handover, by=by, why=why)


def _save(instance: Handover | Youth, *, by: User, why: str, fields: list[str] | None = None) -> None:
    instance._history_user = by  # type: ignore[union-attr]
    instance._change_reason = why  # type: ignore[union-attr]
    instance.save(update_fields=fields)


def _tell(
    handover: Handover, kind: Alert.Kind, text: str, *, to: list[str], by: User, wants_act: bool = False
) -> None:
    """Settle the alerts of this handover, and tell the responsible persons of `to`, but not the actor."""
    alerts.settle(f"handover:{handover.pk}:")
    people = (
        ResponsiblePerson.objects.filter(grid_id__in=to)
        .exclude(user_id=by.pk)
        .values_list("user_id", flat=True)
    )
    alerts.raise_alert(
        event_key=f"handover:{handover.pk}:{handover.state}",
        kind=kind,
        text=text,
        addressees=list(people),
        path=f"/handovers/{handover.pk}/",
        subject_id=handover.youth_id,
        wants_act=wants_act,
    )
