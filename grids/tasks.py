"""What the worker does: hurry an alert to its reader, and sweep up whatever was not hurried."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time

import structlog
from celery import shared_task
from django.db import connection
from django.utils import timezone

from . import alerts, counters, delivery

# Any number that nobody else in this database takes: "sweep" on a telephone's keys.
SWEEP_LOCK = 79337
# Nightly work waits for the feeds of the day to be old.
NIGHT = time(2, 30)

logger = structlog.get_logger(__name__)


@shared_task
def poke(user_ids: list[int]) -> None:
    """Something changed in these inboxes: tell the open pages, and push what is to be pushed."""
    counters.rewrite(user_ids)
    delivery.deliver(user_ids)


@shared_task
def sweep() -> None:
    """Every 30 s: do what is due and not done. A second beat, or a sweep that takes long, does no harm."""
    with _only_one() as alone:
        if not alone:
            return
        for name, work in alerts.sweeps.items():
            _do(name, work)
        _do("deliver", delivery.deliver)
        _nightly()


def _nightly() -> None:
    now = timezone.localtime()
    if now.time() < NIGHT:
        return
    today = now.date().isoformat()
    for name, work in alerts.nightly.items():
        if not counters.is_done_today(name, today) and _do(name, work):
            counters.mark_done_today(name, today)


def _do(name: str, work: alerts.Work) -> bool:
    """One piece of work failing must not keep the others from being done; the next sweep tries it again."""
    try:
        work()
    except Exception:
        logger.exception("sweep failed", work=name)
        return False
    return True


@contextmanager
def _only_one() -> Iterator[bool]:
    """An advisory lock of this session: it goes with the connection, however that ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [SWEEP_LOCK])
        alone = bool(cursor.fetchone()[0])
        try:
            yield alone
        finally:
            if alone:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [SWEEP_LOCK])
