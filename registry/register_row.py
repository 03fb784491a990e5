"""The one maintainer of the columns that `Youth` copies for its lists.

What each column is, is said once, in the view `registry_register_row` (migration 0010). Whoever changes a source of
it calls `refresh` in the same transaction; `manage.py check_register` proves the copies equal to the view.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

COPIES = (
    "name",
    "pinyin",
    "initials",
    "sex",
    "birth_on",
    "lives_in",
    "estate",
    "category_mask",
    "school",
    "work",
    "guardian",
    "hukou",
    "needs",
    "moved_on",
)


def _columns(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in COPIES)


# Differing rows, for check_register; parts are constants of this module.
DIFFERING = f"""
SELECT y.id::text FROM registry_youth y JOIN registry_register_row c USING (id)
WHERE ({_columns("y")}) IS DISTINCT FROM ({_columns("c")})
"""  # noqa: S608

_LOCK = """
SELECT count(*) FROM (
    SELECT FROM registry_youth WHERE id = ANY (%s::uuid[]) ORDER BY id FOR NO KEY UPDATE
) AS locked
"""

_REFRESH = f"""
UPDATE registry_youth y SET ({", ".join(COPIES)}) = ROW ({_columns("c")})
FROM registry_register_row c
WHERE c.id = y.id AND ({_columns("y")}) IS DISTINCT FROM ({_columns("c")}) AND y.id = ANY (%s::uuid[])
"""  # noqa: S608


def refresh(youth_ids: Iterable[UUID] | None) -> int:
    """Bring the copies of these files (None: of all) up to date; returns how many rows changed.

    The files are locked by a statement of its own first, in order of id: an update that waited for another's lock
    would go on with the sources as they were before the wait, and put back what the other has just brought up to date.
    """
    with connection.cursor() as cursor:
        if youth_ids is None:
            cursor.execute(DIFFERING)
            ids = [row[0] for row in cursor.fetchall()]
        else:
            ids = [str(youth_id) for youth_id in youth_ids]
        if not ids:
            return 0
        cursor.execute(_LOCK, [ids])
        cursor.execute(_REFRESH, [ids])
        return cursor.rowcount
