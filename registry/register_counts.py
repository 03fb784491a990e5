"""The one that puts rows of `RegisterCount` 名册计数 together; triggers on the files add them (migration 0025).

`manage.py check_register` proves their sums equal to the files.
"""

from django.db import connection, transaction

_LOCK = "register counts"
# Below so many rows to be gained it is not worth the writing.
WORTH = 5_000

_COMPACT = """
WITH former AS (DELETE FROM registry_registercount RETURNING *)
INSERT INTO registry_registercount (area, state, category_mask, next_due_on, number)
SELECT area, state, category_mask, next_due_on, sum(number) FROM former
GROUP BY area, state, category_mask, next_due_on HAVING sum(number) <> 0
"""
_GAIN = """
SELECT coalesce(sum(alike - 1), 0) FROM (
    SELECT count(*) AS alike FROM registry_registercount GROUP BY area, state, category_mask, next_due_on) AS kinds
"""

# For check_register.
DIFFERING = """
SELECT area FROM (
    SELECT left(grid_id, digits) AS area, state, category_mask, next_due_on, 1 AS number
    FROM registry_youth CROSS JOIN (VALUES (6), (9)) AS level (digits)
    UNION ALL
    SELECT area, state, category_mask, next_due_on, -number FROM registry_registercount) AS side
GROUP BY area, state, category_mask, next_due_on HAVING sum(number) <> 0
"""


@transaction.atomic
def compact(*, worth: int = WORTH) -> None:
    """Put alike rows together where that saves at least so many. Two at once: the second finds nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_LOCK])
        cursor.execute(_GAIN)
        if cursor.fetchone()[0] >= worth:
            cursor.execute(_COMPACT)
