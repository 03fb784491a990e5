"""One moment for many statements: what a page counts and what it lists is read from one snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def snapshot(*, recorded: bool = False) -> Iterator[None]:
    """Everything read inside sees the database as it was at the first statement; nothing can be written.

    `recorded`: but for the reading that tells who saw it, which is committed with it or nothing is shown.

    Begun by hand, since `atomic` would need a statement more to ask for the isolation: a page has few to spend. A verb
    inside fails loudly (psycopg2 changes no transaction that is under way). Inside a transaction that began before
    (a test) that one's rules hold: its isolation can no longer be changed.
    """
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ {'WRITE' if recorded else 'ONLY'}")
        try:
            yield
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")
