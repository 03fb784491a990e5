"""The one maintainer of `Presence` 现住, the narrow copy that searches over the whole city read.

What each column is, is said once, in the view `registry_presence_row` (migration 0007). Whoever changes a current
residence, a dwelling's grid, or a resident's birth date or household calls `follow` (or `follow_residents`) in the
same transaction; after a bulk load `rebuild` makes it anew. `manage.py check_register` proves it equal to its sources.
"""

from collections.abc import Iterable

from django.db import connection

from .sql import statements

_SQL = statements("presence.sql")
DIFFERING = _SQL["differing"]  # for check_register

# Of a file of dwellings: everybody who lives behind a door named in `{table}` (dwelling_id).
_BEHIND_DOORS = "(SELECT p.resident_id FROM registry_presence p JOIN {table} USING (dwelling_id))"


def follow(table: str) -> None:
    """Bring the residents of a table (or of a sub-select in brackets) with a column `resident_id` up to date.

    `table` is a name of our own in the code, never input. One statement, whatever the number of rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SQL["follow"].format(table=table))


def follow_moves() -> None:
    """The same for the moves and corrections in `residence_step` (registry/moves.py), carried out just before.

    Two statements whatever their number; half the time of `follow`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SQL["follow_moves"])
    follow("(SELECT resident_id FROM residence_step WHERE verdict = 'correct')")


def follow_dwellings(table: str) -> None:
    """The same for those who live in the dwellings of a table with a column `dwelling_id`."""
    follow(_BEHIND_DOORS.format(table=table))


def follow_residents(resident_ids: Iterable[int]) -> None:
    """The same for a few residents."""
    with connection.cursor() as cursor:
        table = "(SELECT unnest(%s::bigint[]) AS resident_id)"
        cursor.execute(_SQL["follow"].format(table=table), [list(resident_ids)])


def rebuild() -> None:
    """Everything anew, after a bulk load; the indexes are made when the rows stand. Inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL["indexes"])
        indexes = cursor.fetchall()
        cursor.execute(_SQL["empty"])
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute(_SQL["fill"])
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("ANALYZE registry_presence")
