"""Alerts 提醒: raised in the event's transaction, once per event and addressee. The row is the message.

Celery and Redis only hurry it: after the commit a poke rewrites the counters that open pages ask for and pushes
outward, and a sweep every 30 s does whatever is due and not done. Both may fail without anybody losing an alert.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from . import counters
from .models import Alert, User

# The worker's own connection waits 30 s for the broker; a request does not.
PUBLISH_SECONDS = 1
PUBLISH_OPTIONS = {
    "socket_timeout": PUBLISH_SECONDS,
    "socket_connect_timeout": PUBLISH_SECONDS,
    "max_retries": 0,
}

# What higher apps want swept, by name: see `on_sweep`.
Work = Callable[[], object]
sweeps: dict[str, Work] = {}
nightly: dict[str, Work] = {}

_INSERT = """
INSERT INTO grids_alert
    (id, event_key, addressee_id, kind, text, path, subject_id, due_at, wants_act, created_at, attempts, next_try_at)
SELECT gen_random_uuid(), %(event_key)s, addressee, %(kind)s, %(text)s, %(path)s, %(subject_id)s::uuid, %(due_at)s,
       %(wants_act)s, %(now)s, 0, %(now)s
FROM unnest(%(addressees)s::bigint[]) AS addressee
ON CONFLICT (event_key, addressee_id) DO NOTHING
RETURNING addressee_id
"""


def raise_alert(
    *,
    event_key: str,
    kind: str,
    text: str,
    addressees: Iterable[User | int],
    path: str = "",
    subject_id: UUID | None = None,
    due_at: datetime | None = None,
    wants_act: bool = True,
) -> int:
    """Write one alert for each addressee who has none of this event yet; returns how many rows were written.

    Belongs into the transaction of the event. `text` names nobody in full and no category.
    """
    user_ids = sorted({a.pk if isinstance(a, User) else a for a in addressees})
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "event_key": event_key,
                "kind": kind,
                "text": text,
                "path": path,
                "subject_id": str(subject_id) if subject_id else None,
                "due_at": due_at,
                "wants_act": wants_act,
                "now": timezone.now(),
                "addressees": user_ids,
            },
        )
        told = [row[0] for row in cursor.fetchall()]
    poke_after_commit(told)
    return len(told)


def settle(event_key_prefix: str, *, addressees: Iterable[int] | None = None) -> int:
    """Mark the open alerts of these events done (of these users only, when named); returns how many.

    What is done needs no outward sending any more.
    """
    if not event_key_prefix:
        raise ValueError("an empty prefix would settle every alert there is")
    alerts = Alert.objects.open().filter(event_key__startswith=event_key_prefix)
    if addressees is not None:
        alerts = alerts.filter(addressee__in=list(addressees))
    # The lock in order of id: two settlings of the same events must not wait for each other in a circle.
    found = list(alerts.select_for_update().order_by("id").values_list("id", "addressee_id"))
    if not found:
        return 0
    Alert.objects.filter(id__in=[alert_id for alert_id, _ in found]).update(
        done_at=timezone.now(), next_try_at=None
    )
    poke_after_commit({user_id for _, user_id in found})
    return len(found)


def mark_read(alert: Alert) -> None:
    """The addressee has opened it. What only informs is not thereby done: the reader says so."""
    if Alert.objects.filter(pk=alert.pk, read_at=None).update(read_at=timezone.now()):
        _forget_after_commit(alert.addressee_id)


def mark_done(alert: Alert) -> bool:
    """The addressee puts away an alert that only informs. False when it was done before.

    Raises ValueError for one that wants an act: it ends with the act.
    """
    if alert.wants_act:
        raise ValueError("an alert that wants an act is done by that act")
    now = timezone.now()
    changed = (
        Alert.objects.open()
        .filter(pk=alert.pk)
        .update(done_at=now, read_at=alert.read_at or now, next_try_at=None)
    )
    _forget_after_commit(alert.addressee_id)
    return bool(changed)


def mark_all_read(user: User) -> int:
    """Read: whatever only informs and lies unread in this inbox. What wants an act stays as loud as it was."""
    changed = Alert.objects.of(user).unread().filter(wants_act=False).update(read_at=timezone.now())
    _forget_after_commit(user.pk)
    return changed


def _forget_after_commit(user_id: int) -> None:
    transaction.on_commit(partial(counters.forget, [user_id]), robust=True)


def poke_after_commit(user_ids: Iterable[int]) -> None:
    """After the commit, let a worker rewrite these users' counters and send what is to be sent.

    Never fails, and never holds the request up: the rows are safe, the sweep makes up for a poke that was lost.
    """
    ids = sorted(set(user_ids))
    if ids:
        transaction.on_commit(partial(poke, ids), robust=True)


def poke(user_ids: list[int]) -> None:
    """Hand the poke to Celery over a connection of its own with short timeouts, or let it be."""
    from .tasks import poke as task  # noqa: PLC0415 - tasks import this module

    if settings.CELERY_TASK_ALWAYS_EAGER:
        task.delay(user_ids)
        return
    if not counters.gate.is_open:
        return
    try:
        with task.app.connection_for_write(
            connect_timeout=PUBLISH_SECONDS, transport_options=PUBLISH_OPTIONS
        ) as broker:
            task.apply_async([user_ids], connection=broker, retry=False)
    except (KombuError, RedisError, OSError) as error:
        counters.gate.close(error, "poke")


def on_sweep(name: str, work: Work, *, every_night: bool = False) -> None:
    """Have the sweep (every 30 s, or once a night) do work of a higher app that is due and not done.

    An app registers it when it starts. The work must be safe to repeat.
    """
    (nightly if every_night else sweeps)[name] = work
