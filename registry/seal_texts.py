"""Free texts of what stays: a note belongs to one matter, and is sealed 封存 though the row that it stands on is not.

The text goes into the envelope; in its place, and in the history where it says the same, stands nothing. Texts that the
database wants (why a file was closed, what another city answered) go with their rows alone.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.text import Truncator

from . import envelopes
from .encryption import encrypt
from .models import Youth
from .rotation import encrypted_tables

_WORDS = 60
_HISTORY = {"registry_youth": "registry_historicalyouth", "registry_handover": "registry_historicalhandover"}
_OF_FILE = {"opened_reason": "建档原因", "grade_reason": "定级原因"}
Place = tuple[str, str, str, str]  # table, column of the text, column of the key, key


@dataclass(frozen=True)
class Text:
    """One free text, with its first words."""

    table: str
    column: str
    key: str
    words: str

    @property
    def name(self) -> str:
        return f"{self.table}:{self.column}:{self.key}"


def texts_of(youth: Youth) -> list[Text]:
    """The free texts of a file that can go alone."""
    found = [
        Text("registry_youth", column, str(youth.pk), f"{label}：{_short(getattr(youth, column))}")
        for column, label in _OF_FILE.items()
        # Why a file was opened can only go where a category says it as well.
        if getattr(youth, column) and (column != "opened_reason" or youth.enrolments.exists())
    ]
    for handover in youth.handovers.exclude(note=None).exclude(state="answered"):
        words = f"{handover.offered_at:%Y-%m-%d} 的交接说明：{_short(handover.note)}"
        found.append(Text("registry_handover", "note", str(handover.pk), words))
    for move in youth.resident.moves.exclude(note=None):
        words = f"{move.moved_on} 的迁移说明：{_short(move.note)}"
        found.append(Text("registry_move", "note", str(move.pk), words))
    return found


def take(youth: Youth, names: Iterable[str]) -> list[list[str]]:
    """Take these out, and the same words out of their histories: [*place, text] of each. What is not there is left."""
    chosen = set(names)
    taken: list[list[str]] = []
    for text in (each for each in texts_of(youth) if each.name in chosen) if chosen else ():
        ((_, words),) = _read(text.table, text.column, "id", text.key)
        places: list[Place] = [(text.table, text.column, "id", text.key)]
        if history := _HISTORY.get(text.table):
            said = _read(history, text.column, "id", text.key)
            places += [(history, text.column, "history_id", row) for row, same in said if same == words]
        for place in places:
            _write(place, None)
            taken.append([*place, words])
        if text.table == "registry_youth":
            setattr(youth, text.column, "")
    return taken


def put_back(taken: Iterable[list[str]]) -> None:
    """Each where it stood, unless something else is written there by now."""
    purposes = {table.name: table.columns for table in encrypted_tables()}
    for table, column, own, key, words in taken:
        _write((table, column, own, key), encrypt(words, purposes[table][column]), only_empty=True)


def _read(table: str, column: str, key: str, value: str) -> list[tuple[str, str]]:
    """(key of the row, its text in clear) of the rows that have one. Names are this module's constants."""
    own = "history_id" if table in _HISTORY.values() else "id"
    sql = (
        f"SELECT jsonb_build_object('{own}', {own}::text, '{column}', {column})::text FROM {table}"  # noqa: S608
        f" WHERE {key}::text = %s AND {column} IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [value])
        rows = envelopes.in_clear(table, [json.loads(row) for (row,) in cursor.fetchall()])
    return [(row[own], row[column]) for row in rows]


def _write(place: Place, value: bytes | None, *, only_empty: bool = False) -> None:
    table, column, own, key = place
    sql = f"UPDATE {table} SET {column} = %s WHERE {own}::text = %s"  # noqa: S608 - of constants
    with connection.cursor() as cursor:
        cursor.execute(sql + (f" AND {column} IS NULL" if only_empty else ""), [value, key])


def _short(text: Any) -> str:
    return Truncator(text or "").chars(_WORDS)
