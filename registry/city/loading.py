"""Into the database, in one transaction: empty the city's tables, COPY, then what COPY leaves to be done.

Reference rows (divisions, counties, categories, sources) stay.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction

from grids import alerts
from grids.models import Alert, Grid
from registry import seal_ledger
from registry.codes import label_of
from registry.invariants import CHECKS
from registry.models import Handover
from registry.names import mask_name

from .past import meta
from .places import communities
from .rows import COLUMNS, NULL, day
from .staff import Staff

KEPT = {
    "grids.division", "grids.county", "registry.category", "registry.source", "registry.schedule", "registry.factrank",
    "registry.consenttext",
}  # fmt: skip

# What triggers look at, and the invariants that say the same of the whole table.
_CHECKED = {
    "registry_residence": ("residence_periods_apart", "residence_names_what_exists"),
    "registry_move": ("move_names_what_exists",),
}

_STAFF_COLUMNS = {
    "grids_user": "id, password, username, name, is_active, created_at",
    "grids_post": "user_id, role, division_id, is_lead, knows_reasons, starts_on, ends_on, approved_by_id",
    "grids_assignment": "grid_id, user_id, kind, starts_on, ends_on, approved_by_id",
    "grids_grid": "code, name, community_id",
}


def copy(table: str, columns: str, data: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {table} ({columns}) FROM STDIN", io.BytesIO(data)
        )  # names are constants here


def copy_rows(blobs: dict[str, bytes]) -> None:
    for table, data in blobs.items():
        copy(table, COLUMNS[table], data)


def empty() -> None:
    """TRUNCATE everything that belongs to the city, with its history and the sessions of users who go."""
    tables = [
        meta(model).db_table
        for label in ("grids", "registry", "referrals")
        for model in apps.get_app_config(label).get_models()
        if meta(model).managed and f"{label}.{meta(model).model_name}" not in KEPT
    ]
    with connection.cursor() as cursor:
        # A session of the old city must not open the new one's account with the same id.
        cursor.execute("SELECT 'django_session' WHERE to_regclass('django_session') IS NOT NULL")
        tables += [table for (table,) in cursor.fetchall()]
        # Checks that wait for the end of the transaction would keep the tables busy.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        # Readings are of the people who go; nothing else may empty them.
        cursor.execute("SET LOCAL wuhu_youth.new_city = 'on'")
        # Closed files come as they are: what is loaded into them was there before they were closed.
        cursor.execute("SET LOCAL wuhu_youth.loading = 'on'")
        transaction.on_commit(seal_ledger.begin_anew)
        cursor.execute("TRUNCATE " + ", ".join(sorted(tables)) + " RESTART IDENTITY CASCADE")


def places_and_staff(staff: Staff, today: int, password_hash: str) -> None:
    """Grids, users, posts, assignments."""
    approver = staff.answers["3402"]
    created = f"{date.fromordinal(today) - timedelta(days=400)}T09:00:00+08"
    lines: dict[str, list[tuple[object, ...]]] = {
        "grids_grid": [(grid.code, grid.name, place.code) for place in communities() for grid in place.grids],
        "grids_user": [(user.id, password_hash, user.login, user.name, "t", created) for user in staff.users],
        "grids_post": [
            (post.user, post.role, post.division or NULL, post.is_lead, post.knows_reasons, day(post.since), NULL,
             post.approved_by or NULL)
            for post in staff.posts
        ],
        "grids_assignment": [
            (one.grid, one.user, one.kind, day(one.since), day(one.until), approver) for one in staff.assignments
        ],
    }  # fmt: skip
    for table, rows in lines.items():
        text = "\n".join("\t".join(str(value) for value in row) for row in rows) + "\n"
        copy(table, _STAFF_COLUMNS[table], text.encode())


@contextmanager
def bulk() -> Iterator[None]:
    """While loading, indexes, unique and foreign keys of the register's tables are away, and made again afterwards.

    So are the checks of residences and moves that triggers make of every statement: they are made once, for all.
    """
    with connection.cursor() as cursor:
        for table in _CHECKED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        again = _drop_indexes(cursor)
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for statement in again:
            cursor.execute(statement)
        for table, checks in _CHECKED.items():
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            for check in checks:
                cursor.execute(f"SELECT EXISTS ({CHECKS[check]})")
                if cursor.fetchone()[0]:
                    raise RuntimeError(f"{check}: the city is not believable")


def _drop_indexes(cursor: Any) -> list[str]:
    """Drop keys and indexes (not primary keys) of the loaded tables; returns the statements that make them again."""
    tables = list(COLUMNS)
    cursor.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = ANY (%s::regclass[]) AND contype IN ('f', 'u') ORDER BY contype DESC, conname",
        [tables],
    )
    constraints = cursor.fetchall()
    for table, name, _ in sorted(constraints, key=lambda row: "FOREIGN KEY" not in row[2]):
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = ANY (%s::regclass[]) AND NOT indisprimary ORDER BY 1",
        [tables],
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _, definition in indexes] + [
        f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}' for table, name, definition in constraints
    ]


def tell_of_returned() -> None:
    """What was sent back in the last weeks is still on the old worker's desk."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT h.id::text, h.youth_id::text, y.name, h.to_grid_id, r.user_id, h.return_reason"
            " FROM registry_handover h JOIN registry_youth y ON y.id = h.youth_id"
            " JOIN grids_responsible r ON r.grid_id = h.from_grid_id"
            " WHERE h.state = 'returned' AND h.ended_at > now() - interval '30 days' ORDER BY h.id"
        )
        returned = cursor.fetchall()
    grids = Grid.objects.select_related("community").in_bulk({row[3] for row in returned})
    for handover, youth, name, grid, worker, reason in returned:
        why = label_of(Handover.ReturnReason, reason)
        alerts.raise_alert(
            event_key=f"handover:{handover}:returned",
            kind=Alert.Kind.HANDOVER_RETURNED,
            text=f"{mask_name(name)}被{grids[grid].full_name}退回：{why}，请查清去向",
            addressees=[worker],
            path=f"/handovers/{handover}/",
            subject_id=UUID(youth),
        )


def sequences() -> None:
    """Let the sequences of tables with ids of our own go on after them."""
    with connection.cursor() as cursor:
        for table in ("grids_user", "registry_dwelling", "registry_household", "registry_resident"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 0) + 1, false)"  # noqa: S608
                f" FROM {table}"
            )


def analyze(*, vacuum: bool) -> None:
    """Statistics for the planner; with `vacuum` (outside a transaction) also the map that index-only scans need."""
    tables = [*COLUMNS, *_STAFF_COLUMNS, "grids_alert", "registry_presence", "registry_registercount"]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"{'VACUUM (ANALYZE)' if vacuum else 'ANALYZE'} {table}")
