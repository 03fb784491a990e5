"""Alerts: from the commit of an event to the moment at which the worker process has it, fifty a second."""

import time
import uuid
from collections.abc import Iterator

import redis
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from grids import alerts
from grids.models import Alert, User

from .city import City
from .lines import Line, by_time
from .processes import worker

A_SECOND = 50
SECONDS = 6
# So long a delivery may take before it counts as lost, in seconds.
PATIENCE = 40


def measure(city: City) -> Iterator[Line]:
    """Real Redis, a real worker; the row itself says when it was delivered (one machine, one clock)."""
    # Of the bench's own Redis number: what an earlier run left waiting there.
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    addressees = list(
        User.objects.filter(assignments__kind="lead").order_by("pk").values_list("pk", flat=True)[:200]
    )
    mark = f"bench:{uuid.uuid4().hex}"
    with worker(city.folder):
        time.sleep(1)
        committed = _raise(mark, addressees, city.rounds(SECONDS))
        delivered = _delivered(mark, len(committed))
    times = [(delivered[key] - moment) if key in delivered else PATIENCE for key, moment in committed.items()]
    Alert.objects.filter(event_key__startswith=mark).delete()
    yield by_time(
        "提醒：提交到外发进程收到",
        [max(0.0, one) for one in times],
        size=f"每秒 {A_SECOND} 条，{city.rounds(SECONDS)} 秒",
        limit=1.0,
        share=0.99,
    )


def _raise(mark: str, addressees: list[int], seconds: int) -> dict[str, float]:
    """One event after the other at their pace; event → when it was committed (seconds since the epoch)."""
    committed: dict[str, float] = {}
    started = time.monotonic()
    for number in range(A_SECOND * seconds):
        key = f"{mark}:{number}"
        time.sleep(max(0.0, started + number / A_SECOND - time.monotonic()))
        with transaction.atomic():
            alerts.raise_alert(
                event_key=key,
                kind=Alert.Kind.ADDRESS_CHANGED,
                text="性能测试",
                addressees=[addressees[number % len(addressees)]],
            )
            # First of what runs after the commit, before the poke: raise_alert has registered its own already.
            transaction.get_connection().run_on_commit.insert(
                0, (set(), lambda key=key: committed.__setitem__(key, timezone.now().timestamp()), True)
            )
    return committed


def _delivered(mark: str, wanted: int) -> dict[str, float]:
    rows = Alert.objects.filter(event_key__startswith=mark, delivered_at__isnull=False)
    deadline = time.monotonic() + PATIENCE
    while rows.count() < wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    found = rows.values_list("event_key", "delivered_at")
    return {key: moment.timestamp() for key, moment in found if moment}
