"""One moment for many statements: what a page counts and what it lists is read from one snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read inside sees the database as it was at the first statement; nothing can be written.

    Inside a transaction that is already under way (a test, a verb) that one's rules hold: its isolation can no
    longer be changed.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
