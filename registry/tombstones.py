"""Tombstones 墓碑: silently, what was sealed does not come again by a feed or a rule.

A tombstone is a keyed hash of (a key of the person, a thing). The hash has the key of the seals (grids/encryption.py),
which `rotate_keys` does not touch; without it nobody can tell from the table who or what it is about. A person has up
to three keys (ID number, person number, the row itself), each with a tombstone of its own, so that one who is named
another way, or whose row was made anew, is met all the same.

What counts as the same thing: the category, when the facts that carry it are not newer than the notice; the 事项 of a
fact from the same day, or at the same unit. What began after the notice is something new and is treated as such: the
law seals records, not the person.
"""

import uuid
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.db import connection

from grids.encryption import seal_mark

from .models import Resident

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Person:
    """Whoever it is about, by every key that a row may name him or her with."""

    resident_id: int
    id_number_index: bytes | None
    person_number: str | None

    @classmethod
    def of(cls, resident: Resident) -> "Person":
        index = resident.id_number_index
        return cls(resident.pk, None if index is None else bytes(index), resident.person_number)

    @property
    def keys(self) -> list[str]:
        keys = [f"row:{self.resident_id}"]
        if self.id_number_index is not None:
            keys.append(f"id:{bytes(self.id_number_index).hex()}")
        if self.person_number:
            keys.append(f"number:{self.person_number}")
        return keys


@dataclass(frozen=True)
class Thing:
    """What is said of a person. `begins_on`: the newest day among what carries it; after the notice it is new."""

    person: Person
    names: tuple[str, ...]
    begins_on: date

    def marks(self) -> list[bytes]:
        return [mark(key, name) for key in self.person.keys for name in self.names]


def mark(key: str, name: str) -> bytes:
    return seal_mark(f"{key}\0{name}", "tombstone")


def category(code: str) -> str:
    return f"category:{code}"


def fact_names(kind: str, starts_on: date, unit: str) -> tuple[str, ...]:
    """A fact is met again on its day, whatever else is said of it, and at its unit, whatever day is given."""
    names = (f"fact:{kind}:{starts_on.isoformat()}",)
    return (*names, f"fact:{kind}:at:{unit}") if unit else names


def lay(things: Iterable[Thing], *, until_on: date) -> list[str]:
    """Tombstones for these; returns their ids, which the envelope keeps so that reopening takes them up again."""
    marks = sorted({each for thing in things for each in thing.marks()})
    return put([{"id": str(uuid.uuid4()), "mark": each.hex(), "until_on": str(until_on)} for each in marks])


def lay_keys(submission_keys: Iterable[str], *, until_on: date) -> list[str]:
    """Tombstones for the forms that wrote what is sealed: sent once more, they answer like any used key."""
    marks = [mark("", f"submission:{key}") for key in submission_keys]
    return put([{"id": str(uuid.uuid4()), "mark": each.hex(), "until_on": str(until_on)} for each in marks])


def is_used(submission_key: uuid.UUID) -> bool:
    """Whether a form with this key wrote something that was sealed."""
    return bool(_stones([mark("", f"submission:{submission_key}")]))


def put(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """The rows as the ledger has them; one that is there already stays as it is."""
    rows = list(rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registry_tombstone (id, mark, until_on)"
            " SELECT * FROM unnest(%s::uuid[], %s::bytea[], %s::date[]) ON CONFLICT DO NOTHING",
            [
                [row["id"] for row in rows],
                [bytes.fromhex(row["mark"]) for row in rows],
                [row["until_on"] for row in rows],
            ],
        )
    return [row["id"] for row in rows]


def rows(ids: Iterable[str]) -> list[dict[str, str]]:
    """For the ledger: the tombstones of these ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text, encode(mark, 'hex'), until_on::text FROM registry_tombstone"
            " WHERE id = ANY (%s::uuid[]) ORDER BY id",
            [list(ids)],
        )
        return [{"id": key, "mark": hashed, "until_on": day} for key, hashed, day in cursor.fetchall()]


def take_up(ids: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM registry_tombstone WHERE id = ANY (%s::uuid[])", [list(ids)])


def any_stand() -> bool:
    """Whether there is a tombstone in the whole city; where there is none nothing need be hashed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM registry_tombstone)")
        return bool(cursor.fetchone()[0])


def met(asked: Mapping[T, Thing]) -> dict[T, list[tuple[str, bytes | None]]]:
    """Which of these were sealed: the key it was asked by → its tombstones, (id, what was last said of it)."""
    owners: dict[bytes, list[T]] = {}
    for key, thing in asked.items():
        for each in thing.marks():
            owners.setdefault(each, []).append(key)
    found: dict[T, list[tuple[str, bytes | None]]] = {}
    for key_mark, stone, until_on, said in _stones(list(owners)):
        for key in owners[key_mark]:
            if asked[key].begins_on <= until_on:
                found.setdefault(key, []).append((stone, said))
    return found


def _stones(marks: list[bytes]) -> list[tuple[bytes, str, date, bytes | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT mark, id::text, until_on, said FROM registry_tombstone WHERE mark = ANY (%s::bytea[])",
            [marks],
        )
        return [
            (bytes(each), stone, day, said if said is None else bytes(said))
            for each, stone, day, said in cursor.fetchall()
        ]


def said_mark(*values: Any) -> bytes:
    """A keyed hash of what a row says beside the thing itself."""
    return seal_mark("\0".join("" if value is None else str(value) for value in values), "tombstone_said")
