"""Taking what is sealed 封存 out of the ordinary tables, and putting it back; caller: registry/seals.py.

Moves, never flags. Every step is one statement over all rows concerned, all of them in the caller's transaction. What
cannot be taken because it was mixed into other things is mended as if the sealed had never been: the dates of the file
that followed from a sealed visit or enrolment, and the number in a message that counted a sealed candidate.

Readings 查阅记录 stay: they are append-only and hold random ids, which lead nowhere from then on.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from . import envelopes, seal_groups, seal_texts, sealing_of, tombstones
from .check_requests import in_words
from .codes import FactKind
from .envelopes import Contents, Row
from .models import Candidate, Fact, Resident, Youth
from .readings import subject_id
from .rules import settle_grids
from .seal_past import Past, rows_of, without
from .sql import statements

_SQL = statements("seals.sql")
_CAME_SOONER, _VISITED = "调整走访安排", "走访"
# The topics of the rules that read a fact of the young person's own (registry/sql/rules/).
_TOPICS: dict[str, tuple[str, ...]] = {
    FactKind.SHELTERED: ("street",),
    **dict.fromkeys(
        (
            FactKind.IN_SCHOOL, FactKind.DROPPED_OUT, FactKind.TRUANT, FactKind.EMPLOYED, FactKind.UNEMPLOYED,
            FactKind.PREPARING, FactKind.ILL, FactKind.DISABLED, FactKind.FAMILY_EMERGENCY,
        ),
        ("idle",),
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What of one person's file is sealed. `whole_file`: the file was opened for this and goes as a whole."""

    enrolments: tuple[UUID, ...] = ()
    visits: tuple[UUID, ...] = ()
    corrections: tuple[UUID, ...] = ()
    needs: tuple[int, ...] = ()
    facts: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()  # names of free texts (registry/seal_texts.py)
    others: tuple[str, ...] = ()  # "group:key" of what a higher app offers (registry/seal_groups.py)
    whole_file: bool = False

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, field.name) for field in fields(self))

    def as_json(self) -> dict[str, Any]:
        return {
            field.name: value if isinstance(value := getattr(self, field.name), bool) else [*map(str, value)]
            for field in fields(self)
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Choice":
        return cls(
            enrolments=tuple(map(UUID, said["enrolments"])),
            visits=tuple(map(UUID, said["visits"])),
            corrections=tuple(map(UUID, said["corrections"])),
            needs=tuple(map(int, said["needs"])),
            facts=tuple(map(int, said["facts"])),
            texts=tuple(said.get("texts", ())),
            others=tuple(said.get("others", ())),
            whole_file=said["whole_file"],
        )


def begin(seal_id: UUID) -> None:
    """The guards let pass what this notice takes; the notice was written in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["begin"], {"seal": str(seal_id)})


def end() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SQL["end"])


class Taking:
    """One sealing: what it took, whom it must tell, and what is left to be mended."""

    def __init__(self, youth: Youth, choice: Choice) -> None:
        self.youth, self.choice = youth, choice
        self.resident: Resident = youth.resident
        self.contents = Contents(resident_id=youth.resident_id, youth_id=str(youth.pk))
        self.ids: dict[str, Any] = {"youth": youth.pk, "resident": youth.resident_id}
        self.addressees: set[int] = set()
        self.person = tombstones.Person.of(self.resident)
        self.things: list[tombstones.Thing] = []

    def take(self, table: str, condition: str, **parameters: Any) -> list[Row]:
        """Out of the table and into the envelope, after what goes with its rows; returns the rows."""
        for follower, column in sealing_of.FOLLOWS.get(table, ()):
            self.take(follower, f"t.{column} IN (SELECT t.id FROM {table} t WHERE {condition})", **parameters)  # noqa: S608
        sql = _SQL["take"].format(table=table, condition=condition)
        with connection.cursor() as cursor:
            cursor.execute(sql, self.ids | parameters)
            rows = [json.loads(row) for (row,) in cursor.fetchall()]
        rows = envelopes.in_clear(table, rows)
        self.contents.rows.setdefault(table, []).extend(rows)
        return rows

    def run(self) -> Contents:
        """Take everything; the caller has locked the resident and the file, and begun."""
        self.contents.texts = seal_texts.take(self.youth, self.choice.texts)
        facts = self._facts()
        self._about_facts(facts)
        self._corrections()
        self._others()
        self._visits()
        self._enrolments()
        if self.choice.whole_file or self._nothing_left():
            self._file()
        self._alerts_of_checks()
        return self.contents

    # --- What departments and workers stated

    def _facts(self) -> list[Row]:
        """The facts, with the images that batches keep of them: undoing a batch must not bring them back."""
        condition = "t.resident_id = %(resident)s AND t.id = ANY (%(facts)s::bigint[])"
        facts = self.take("registry_fact", condition, facts=list(self.choice.facts))
        named = "t.table_name = 'registry_fact' AND t.row_key = ANY (%(keys)s::text[])"
        self.take("registry_batchchange", named, keys=[str(fact["id"]) for fact in facts])
        for fact in facts:
            day = datetime.fromisoformat(fact["starts_on"]).date()
            names = tombstones.fact_names(fact["kind"], day, fact["unit"])
            self.things.append(tombstones.Thing(self.person, names, day))
        return facts

    def _about_facts(self, facts: list[Row]) -> None:
        """Candidates that may rest on them (rules suggest again what stands without), and checks that quote them."""
        topics = sorted({topic for fact in facts for topic in _TOPICS.get(fact["kind"], ())})
        undecided = "t.resident_id = %(resident)s AND t.category_id = ANY (%(topics)s::text[])"
        self._candidates(f"{undecided} AND t.state <> 'verified'", topics=topics)
        quoted = {_words_of(fact) for fact in facts}
        ids = [request.pk for request in self.youth.check_requests.all() if request.says in quoted]
        self.take("registry_checkrequest", "t.id = ANY (%(checks)s::uuid[])", checks=ids)

    def _corrections(self) -> None:
        chosen = {"corrections": list(self.choice.corrections)}
        self.take("registry_checkrequest", "t.correction_id = ANY (%(corrections)s::uuid[])", **chosen)
        mine = "t.youth_id = %(youth)s AND t.id = ANY (%(corrections)s::uuid[])"
        taken = self.take("registry_correction", mine, **chosen)
        if taken:
            # Each had raised it by one; what can be counted must not tell of what is gone.
            self.youth.version -= len(taken)
            with connection.cursor() as cursor:
                sql = "UPDATE registry_youth SET version = version - %s WHERE id = %s"
                cursor.execute(sql, [len(taken), self.youth.pk])

    def _alerts_of_checks(self) -> None:
        checks = self.contents.rows.get("registry_checkrequest", [])
        keys = [f"check:{check['id']}:answered" for check in checks]
        self._told(self.take("grids_alert", "t.event_key = ANY (%(keys)s::text[])", keys=keys))

    # --- What belongs to a matter

    def _others(self) -> None:
        """What a higher app keeps of the person, and the alerts about it."""
        for group in seal_groups.GROUPS.values():
            prefix = f"{group.key}:"
            keys = [name.removeprefix(prefix) for name in self.choice.others if name.startswith(prefix)]
            if keys:
                for table, condition in group.takes:
                    taken = self.take(table, f"({condition})", chosen=keys)
                    if table == "grids_alert":
                        self._told(taken)

    def _visits(self) -> None:
        """With the needs that they opened. Needs chosen by themselves go too."""
        chosen = {"visits": list(self.choice.visits), "needs": list(self.choice.needs)}
        opened = "(t.id = ANY (%(needs)s::bigint[]) OR t.visit_id = ANY (%(visits)s::uuid[]))"
        self.take("registry_need", f"t.youth_id = %(youth)s AND {opened}", **chosen)
        mine = "t.youth_id = %(youth)s AND t.id = ANY (%(visits)s::uuid[])"
        visits = self.take("registry_visit", mine, **chosen)
        self._mend_dates([(v["created_at"], v["by_id"], _VISITED) for v in visits])

    def _enrolments(self) -> None:
        """With their history, and the candidates that led to them or away from them."""
        chosen = {"enrolments": list(self.choice.enrolments)}
        mine = "t.youth_id = %(youth)s AND t.id = ANY (%(enrolments)s::uuid[])"
        past = self.take("registry_historicalenrolment", mine, **chosen)
        codes = self._categories(mine, chosen)
        suggested = (
            "t.resident_id = %(resident)s AND (t.enrolment_id = ANY (%(enrolments)s::uuid[])"
            " OR t.category_id = ANY (%(codes)s::text[]) AND NOT EXISTS (SELECT FROM registry_enrolment e"
            " WHERE e.youth_id = %(youth)s AND e.category_id = t.category_id"
            " AND e.id <> ALL (%(enrolments)s::uuid[])))"
        )
        self._candidates(suggested, codes=codes, **chosen)
        taken = self.take("registry_enrolment", mine, **chosen)
        for row in taken:
            begins_on = datetime.fromisoformat(row["starts_on"]).date()
            names = (tombstones.category(row["category_id"]),)
            self.things.append(tombstones.Thing(self.person, names, begins_on))
        made = [row for row in past if row["history_type"] == "+"]
        self._mend_dates([(row["history_date"], row["history_user_id"], _CAME_SOONER) for row in made])

    def _categories(self, mine: str, chosen: Mapping[str, Any]) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT DISTINCT category_id FROM registry_enrolment t WHERE {mine}",  # noqa: S608 - of constants
                self.ids | dict(chosen),
            )
            return [code for (code,) in cursor.fetchall()]

    def _candidates(self, condition: str, **parameters: Any) -> None:
        taken = self.take("registry_candidate", condition, **parameters)
        keys = [f"candidate:{candidate['id']}:visited" for candidate in taken]
        self._told(self.take("grids_alert", "t.event_key = ANY (%(keys)s::text[])", keys=keys))
        for candidate in taken:
            self._count_less(candidate["grid_id"], candidate["suggested_at"])
        if any(candidate["state"] == Candidate.State.OPEN for candidate in taken):
            self.addressees |= settle_grids({candidate["grid_id"] for candidate in taken}, poke=False)

    # --- The file itself

    def _nothing_left(self) -> bool:
        """Opened for no reason of its own, and without a category from now on."""
        if not self.choice.enrolments or self.youth.opened_reason:
            return False
        return not self.youth.enrolments.exists()

    def _file(self) -> None:
        self.contents.file_went = True
        for table, condition in sealing_of.of_file():
            taken = self.take(table, condition)
            if table == "grids_alert":
                self._told(taken)
            elif table == "registry_candidate":
                for candidate in taken:
                    self._count_less(candidate["grid_id"], candidate["suggested_at"])
            elif table == "registry_enrolment":
                for row in taken:
                    begins_on = datetime.fromisoformat(row["starts_on"]).date()
                    names = (tombstones.category(row["category_id"]),)
                    self.things.append(tombstones.Thing(self.person, names, begins_on))

    # --- What has to be mended

    def _told(self, alerts: Iterable[Row]) -> None:
        self.addressees |= {alert["addressee_id"] for alert in alerts}

    def _count_less(self, grid: str, moment: str) -> None:
        """Messages that counted this candidate count what is left of their moment, or go."""
        asked: dict[str, Any] = {"grid": grid, "moment": moment, "community": grid[:12]}
        with connection.cursor() as cursor:
            cursor.execute(_SQL["told"], asked)
            for alert, addressee in cursor.fetchall():
                asked |= {"alert": alert, "addressee": addressee}
                cursor.execute(_SQL["left_over"], asked)
                left = dict(cursor.fetchall())
                self.addressees.add(addressee)
                if left:
                    asked |= {"grids": list(left), "number": sum(left.values())}
                    cursor.execute(_SQL["tell_less"], asked)
                else:
                    self.take("grids_alert", "t.id = %(alert)s", alert=alert)
                    cursor.execute(_SQL["wait_again"], asked)

    def _mend_dates(self, acts: list[tuple[str, int | None, str]]) -> None:
        """Next visit and last verification as they would be without these acts, in the history and on the file."""
        with connection.cursor() as cursor:
            cursor.execute(_SQL["past"], self.ids)
            past = [Past(*row) for row in cursor.fetchall()]
        gone = rows_of(acts, past)
        if not gone:
            return
        mended = without(past, gone, self._before_it_all(past[0]))
        self.contents.former |= {
            "next_due_on": str(self.youth.next_due_on),
            "last_verified_on": str(self.youth.last_verified_on),
        }
        self.take(
            "registry_historicalyouth",
            "t.id = %(youth)s AND t.history_id = ANY (%(gone)s::integer[])",
            gone=sorted(gone),
        )
        with connection.cursor() as cursor:
            changed = [row for row in mended if row not in past]
            cursor.execute(
                _SQL["write_past"],
                self.ids
                | {
                    "ids": [row.id for row in changed],
                    "next": [row.next_due_on for row in changed],
                    "verified": [row.last_verified_on for row in changed],
                },
            )
            last = mended[-1] if mended else self._before_it_all(past[0])
            cursor.execute(
                "UPDATE registry_youth SET next_due_on = %s, last_verified_on = %s WHERE id = %s",
                [last.next_due_on, last.last_verified_on, self.youth.pk],
            )
        self.youth.next_due_on, self.youth.last_verified_on = last.next_due_on, last.last_verified_on

    def _before_it_all(self, first: "Past") -> "Past":
        """Of a file whose history begins with what is sealed: what the visits that stay say of its dates."""
        latest = self.youth.visits.order_by("-visited_on", "-created_at").first()
        seen = [visit.visited_on for visit in self.youth.visits.all() if "address" in visit.confirmed]
        return replace(
            first,
            next_due_on=latest.next_due_on if latest else self.youth.next_due_on,
            last_verified_on=max(seen, default=None),
        )


def _words_of(row: Row) -> str:
    fact = Fact(kind=row["kind"], unit=row["unit"], starts_on=row["starts_on"])
    return in_words(fact)


def forget_exports(contents: Contents) -> None:
    """Sheets that name the person and still wait to be fetched are gone, the files as soon as this is committed."""
    subjects = [subject_id(UUID(contents.youth_id)), subject_id(contents.resident_id)]
    with connection.cursor() as cursor:
        cursor.execute(_SQL["stored_exports"], {"subjects": subjects})
        gone = [export_id for (export_id,) in cursor.fetchall()]
    folder = Path(settings.EXPORT_FILES_DIR)
    for export_id in gone:
        transaction.on_commit(partial((folder / f"{export_id}.xlsx").unlink, missing_ok=True))


def put_back(contents: Contents) -> UUID:
    """Everything into its table again; returns the file's id.

    Where another file of the person was opened meanwhile, what comes back is told of that one.
    """
    with connection.cursor() as cursor:
        sql = "SELECT id::text FROM registry_youth WHERE resident_id = %s"
        cursor.execute(sql, [contents.resident_id])
        found = cursor.fetchone()
        other = found[0] if found and found[0] != contents.youth_id else None
        for table, taken in contents.rows.items():
            rows = taken
            if other is not None:
                # The file of today stays as it is; the past of the other is told under its id.
                rows = (
                    []
                    if table == "registry_youth"
                    else [_of_file(row, contents.youth_id, other) for row in rows]
                )
            if rows:
                columns = ", ".join(rows[0])
                cursor.execute(
                    _SQL["put_back"].format(table=table, columns=columns),
                    {"rows": json.dumps(envelopes.encrypted(table, rows))},
                )
    seal_texts.put_back(contents.texts)
    return UUID(other or contents.youth_id)


def _of_file(row: Row, former: str, now: str) -> Row:
    return {column: now if value == former else value for column, value in row.items()}
