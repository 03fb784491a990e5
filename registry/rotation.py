"""Rotation of field keys: whatever stands under an older key or algorithm is written again under the current one.

Columns are found by walking the models, histories included, and in the images that batches keep of the rows they
changed. Work goes in short transactions in order of key, takes only rows that nobody holds, and starts from what is
left: it can be killed at any moment, run again, and runs while people work.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from psycopg2.extras import Json, execute_values

from grids.encryption import EncryptedTextField, current_head, reencrypt

from .sql import statements

SQL = "rotation.sql"
Report = Callable[[str, int], None]  # (name of the table, values written so far in it)


@dataclass(frozen=True)
class Table:
    """A table with encrypted columns. `columns`: name → purpose."""

    name: str
    key: str
    key_type: str
    columns: dict[str, str]


@dataclass
class Outcome:
    """Values written; values that no key here opens, by column."""

    written: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)


def encrypted_tables() -> list[Table]:
    """Every table that has an EncryptedTextField, by name."""
    found = {}
    for model in apps.get_models():
        meta = model._meta
        columns = {str(f.column): f.purpose for f in meta.local_fields if isinstance(f, EncryptedTextField)}
        if columns and meta.managed and not meta.proxy:
            key_type = meta.pk.rel_db_type(connection)
            found[meta.db_table] = Table(meta.db_table, str(meta.pk.column), str(key_type), columns)
    return [found[name] for name in sorted(found)]


def counts() -> dict[str, Counter[bytes]]:
    """`table.column` → how many values stand under which head (algorithm byte, key id byte); images of batches too."""
    sql = statements(SQL)
    found: dict[str, Counter[bytes]] = {}
    with connection.cursor() as cursor:
        for table in encrypted_tables():
            for column in table.columns:
                cursor.execute(sql["counts"].format(table=table.name, column=column))
                found[f"{table.name}.{column}"] = Counter({bytes(head): n for head, n in cursor.fetchall()})
                cursor.execute(sql["image_counts"].format(table=table.name, column=column))
                images = Counter({bytes.fromhex(head[2:]): n for head, n in cursor.fetchall()})
                if images:
                    found[f"registry_batchchange:{table.name}.{column}"] = images
    return found


def left_over() -> int:
    """How many values are not under the current key and algorithm."""
    return sum(
        number for heads in counts().values() for head, number in heads.items() if head != current_head()
    )


def rotate(*, limit: int = 2000, report: Report | None = None) -> Outcome:
    """One pass over everything. What somebody held, or wrote meanwhile under an old key, is left to the next one."""
    outcome = Outcome()
    for table in encrypted_tables():
        for work in (_Rows(table), _Images(table)):
            done = 0
            for written in work.batches(limit, outcome):
                done += written
                if report:
                    report(work.name, done)
            outcome.written += done
    return outcome


class _Rows:
    """The rows of a table."""

    statement, write_statement = "batch", "write"

    def __init__(self, table: Table) -> None:
        self.table, self.name = table, table.name
        self.names = {
            "table": table.name,
            "key": table.key,
            "columns": ", ".join(table.columns),
            "old": " OR ".join(self.old(column) for column in table.columns),
            "assignments": ", ".join(f"{column} = v.{column}" for column in table.columns),
        }
        self.template = f"(%s::{table.key_type}{', %s::bytea' * len(table.columns)})"

    def old(self, column: str) -> str:
        return f"substring({column} FROM 1 FOR 2) <> %(head)s"

    def batches(self, limit: int, outcome: Outcome) -> Iterator[int]:
        """Values written, batch by batch, each committed."""
        after: Any = None
        key = self.table.key if self.statement == "batch" else "id"
        while True:
            beyond = "true" if after is None else f"{key} > %(after)s"
            query = statements(SQL)[self.statement].format(**self.names, beyond=beyond)
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statements(SQL)["allow"])
                cursor.execute(
                    query,
                    {"head": current_head(), "hex": _hex(current_head()), "after": after, "limit": limit},
                )
                rows = cursor.fetchall()
                if not rows:
                    return
                after = rows[-1][0]
                changed, written = self.changed(rows, outcome)
                if changed:
                    statement = statements(SQL)[self.write_statement].format(**self.names)
                    execute_values(cursor, statement, changed, template=self.template, page_size=limit)
            yield written

    def changed(self, rows: list[Any], outcome: Outcome) -> tuple[list[Any], int]:
        """(rows to write, values in them that are written anew)."""
        changed, count = [], 0
        for key, *values in rows:
            new = [
                self.renewed(value, column, outcome)
                for value, column in zip(values, self.table.columns, strict=True)
            ]
            different = sum(bytes(a or b"") != bytes(b or b"") for a, b in zip(values, new, strict=True))
            if different:
                changed.append((key, *new))
                count += different
        return changed, count

    def renewed(self, value: Any, column: str, outcome: Outcome) -> bytes | None:
        """The value under the current key; the old one, counted, when no key here opens it."""
        if value is None:
            return None
        try:
            return reencrypt(value, self.table.columns[column])
        except ValueError:
            outcome.unreadable[f"{self.name}.{column}"] += 1
            return bytes(value)


class _Images(_Rows):
    """What batches keep of rows of a table: equal values there stay equal (see `reencrypt`), so undoing still works."""

    statement, write_statement = "image_batch", "image_write"

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self.name = f"registry_batchchange:{table.name}"
        self.template = "(%s, %s::jsonb, %s::jsonb)"

    def old(self, column: str) -> str:
        return " OR ".join(f"left({image} ->> '{column}', 6) <> %(hex)s" for image in ("former", "latter"))

    def changed(self, rows: list[Any], outcome: Outcome) -> tuple[list[Any], int]:
        changed, count = [], 0
        for key, former, latter in rows:
            patches = [self.patch(json.loads(image or "{}"), outcome) for image in (former, latter)]
            if any(patches):
                changed.append((key, *map(Json, patches)))
                count += sum(map(len, patches))
        return changed, count

    def patch(self, image: dict[str, Any], outcome: Outcome) -> dict[str, str]:
        """The encrypted values of an image that are written anew."""
        patch = {}
        for column in self.table.columns:
            old = image.get(column)
            new = _hex(self.renewed(bytes.fromhex(old[2:]), column, outcome) or b"") if old else None
            if new and new != old:
                patch[column] = new
        return patch


def _hex(value: bytes) -> str:
    """Bytes as jsonb holds them."""
    return r"\x" + value.hex()
