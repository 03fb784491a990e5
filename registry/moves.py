"""Moves 迁移: a feed's rows and a worker's form go through the same set-based verbs.

Rows are staged in a temporary table, judged beside what is known (move, correction, nothing new, refused), and then,
in one transaction and a constant number of statements: residences closed and opened, moves recorded, the lists' copies
refreshed, handovers cancelled and offered with their history, alerts written (registry/sql/moves.sql, handovers.sql).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from grids import alerts
from grids.models import User

from . import handovers, presence, register_row
from .encryption import encrypt
from .models import Dwelling, Move, Resident
from .names import mask_name
from .sql import statements

STAGED = """
DROP TABLE IF EXISTS staged_residence;
CREATE TEMPORARY TABLE staged_residence
    (line integer, resident_id bigint, dwelling_id bigint, grid_id text COLLATE "C", starts_on date, destination text)
    ON COMMIT DROP
"""
_BEFORE_SETTLING = (
    "correct_moves",
    "correct_moves_without_one",
    "correct_remove",
    "correct_reopen",
    "correct_place",
    "correct_stayed",
    "close",
    "open",
    "record",
    "families",
)


class MoveRefused(ValueError):
    """The reported move does not fit what is known; the message tells the worker why, in Chinese."""


@dataclass
class Applied:
    """What a set of staged rows came to. `refused`: line → reason in Chinese; counts are of rows or alerts."""

    unchanged: int = 0
    moves_in: int = 0
    moves_out: int = 0
    moves_within: int = 0
    corrections: int = 0
    handovers: int = 0
    alerts: int = 0
    candidates: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    addressees: set[int] = field(default_factory=set)

    @property
    def moves(self) -> int:
        return self.moves_in + self.moves_out + self.moves_within


def judge_staged() -> Applied:
    """Lock the residents of `staged_residence` and say what each row is, changing nothing yet."""
    sql = statements("moves.sql")
    with connection.cursor() as cursor:
        for name in ("lock", "classify", "index", "analyze", "verdicts"):
            cursor.execute(sql[name])
        unchanged, moves_in, moves_out, moves_within, corrections = cursor.fetchone()
        cursor.execute(sql["refused"])
        refused = {line: _reason(verdict, *rest) for line, verdict, *rest in cursor.fetchall()}
    return Applied(unchanged, moves_in, moves_out, moves_within, corrections, refused=refused)


def apply_judged(applied: Applied, **origin: Any) -> None:
    """Carry out what `judge_staged` found; fills in handovers, alerts and their addressees.

    `origin`: source, batch, by (ids or None), submission_key; `note`, the reporter's words, are kept encrypted with the
    move, and `why`, a phrase of ours, stands in the history of what follows.
    """
    sql = statements("moves.sql")
    parameters: dict[str, Any] = {
        "source": None,
        "batch": None,
        "by": None,
        "note": "",
        "why": "迁移",
        "submission_key": None,
    }
    parameters |= origin
    parameters["note"] = encrypt(parameters["note"], "move_note") if parameters["note"] else None
    with connection.cursor() as cursor:
        for name in _BEFORE_SETTLING:
            cursor.execute(sql[name], parameters if "%(" in sql[name] else None)
    presence.follow_moves()
    told = settle(by=parameters["by"], reason=parameters["why"])
    applied.handovers, applied.alerts, applied.addressees = told.handovers, told.alerts, told.addressees


def settle(*, by: int | None, reason: str) -> handovers.Told:
    """Let files, handovers and alerts follow the homes of the people in `residence_step`, who have moved already."""
    sql = statements("moves.sql")
    with connection.cursor() as cursor:
        cursor.execute(sql["youths"])
        cursor.execute(sql["names"])
        names: Mapping[UUID, str] = dict(cursor.fetchall())
        masks: dict[str, Any] = {"ids": list(names), "masked": [mask_name(name) for name in names.values()]}
        cursor.execute(sql["mask_youths"], masks)
        cursor.execute(sql["mask_families"], masks)
    register_row.refresh(names)
    told = handovers.follow_moves(by=by, reason=reason)
    alerts.poke_after_commit(told.addressees)
    return told


def _reason(verdict: str, first_line: int, current_start: date | None, last_end: date | None) -> str:
    if verdict == "conflict":
        return f"与第 {first_line} 行矛盾：同一人同一天有两个住处，请只保留正确的一行"
    known = current_start or last_end
    return f"起始日期早于已登记的居住记录（{known}），请核对日期"


@transaction.atomic
def report_move(
    *,
    resident: Resident,
    dwelling: Dwelling | None,
    moved_on: date,
    destination_code: str = "",
    note: str = "",
    by: User,
    submission_key: UUID | None = None,
) -> Move:
    """A worker's report that a resident now lives in `dwelling` (None: has left the city).

    The same verbs as a feed's row. A second submission with the same key answers with the first one's move.
    Raises MoveRefused with the reason in Chinese.
    """
    if moved_on > timezone.localdate():
        raise MoveRefused("迁移日期不能晚于今天")
    with connection.cursor() as cursor:
        # Locked first, so that the second of two equal submissions sees the first one's move.
        cursor.execute("SELECT FROM registry_resident WHERE id = %s FOR NO KEY UPDATE", [resident.pk])
        if submission_key and (first := resident.moves.filter(submission_key=submission_key).first()):
            return first
        cursor.execute(STAGED)
        cursor.execute(
            "INSERT INTO staged_residence VALUES (1, %s, %s, %s, %s, %s)",
            [
                resident.pk,
                dwelling.pk if dwelling else None,
                dwelling.grid_id if dwelling else None,
                moved_on,
                destination_code,
            ],
        )
    applied = judge_staged()
    if applied.refused:
        raise MoveRefused(applied.refused[1])
    if applied.unchanged:
        raise MoveRefused("登记的现住址就是这里，不需要再报迁移" if dwelling else "此人已登记为离开本市")
    try:
        apply_judged(applied, by=by.pk, note=note, why="登记迁移", submission_key=submission_key)
    except IntegrityError as error:
        raise MoveRefused("这次迁移刚刚已由别人登记，请刷新后再看") from error
    return resident.moves.order_by("-recorded_at", "-moved_on")[0]
