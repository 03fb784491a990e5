"""The one that puts rows of `RegisterCount` 名册计数 together; triggers on the files add them (migration 0015).

`manage.py check_register` proves their sums equal to the files.
"""

from django.db import connection, transaction

_LOCK = "register counts"
# Below so many rows to be gained it is not worth the writing.
WORTH = 5_000

_COMPACT = """
WITH former AS (DELETE FROM registry_registercount RETURNING *)
INSERT INTO registry_registercount (district, state, category_mask, next_due_on, number)
SELECT district, state, category_mask, next_due_on, sum(number) FROM former
GROUP BY district, state, category_mask, next_due_on HAVING sum(number) <> 0
"""
_GAIN = """
SELECT count(*) - count(DISTINCT (district, state, category_mask, next_due_on)) FROM registry_registercount
"""

# For check_register.
DIFFERING = """
SELECT district FROM (
    SELECT left(grid_id, 6) AS district, state, category_mask, next_due_on, 1 AS number FROM registry_youth
    UNION ALL
    SELECT district, state, category_mask, next_due_on, -number FROM registry_registercount) AS side
GROUP BY district, state, category_mask, next_due_on HAVING sum(number) <> 0
"""


@transaction.atomic
def compact(*, worth: int = WORTH) -> None:
    """Put alike rows together where that saves at least so many. Two at once: the second finds nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_LOCK])
        cursor.execute(_GAIN)
        if cursor.fetchone()[0] >= worth:
            cursor.execute(_COMPACT)
