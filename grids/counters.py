"""Redis counters of each inbox: how many alerts are unread, and a version that changes whenever the inbox does.

Copies only. What they say follows from the rows alone, so an answer from SQL is the same answer: a counter that is
missing, or a Redis that is down, costs one indexed statement and nothing else.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import redis
import structlog
from django.conf import settings
from django.db import connection, transaction

# Seconds. A counter that a lost poke left behind is wrong for at most so long.
LIFETIME = 120
# One writer at a time: of two that count one after the other, the later one must also write later.
WRITE_LOCK = 79338
# Seconds without another try after Redis failed, so that a Redis that hangs does not hold up every poll.
PAUSE = 5

logger = structlog.get_logger(__name__)

# The version is the sum (xor) of one hash per open alert and whether it was read: no order, no clock, no sequence.
_COUNT = """
SELECT u.id,
       count(a.id) FILTER (WHERE a.read_at IS NULL),
       to_hex(coalesce(bit_xor(hashtextextended(a.id::text || (a.read_at IS NULL)::text, 0)), 0))
FROM unnest(%s::bigint[]) AS u (id)
LEFT JOIN grids_alert a ON a.addressee_id = u.id AND a.done_at IS NULL
GROUP BY u.id
"""


@dataclass(frozen=True)
class Counter:
    """One inbox: unread alerts, and its version (opaque)."""

    unread: int
    version: str

    def dump(self) -> str:
        return f"{self.unread}:{self.version}"

    @classmethod
    def load(cls, text: str) -> "Counter":
        unread, _, version = text.partition(":")
        return cls(int(unread), version)


class Gate:
    """Remembers that Redis failed a moment ago, so that the next request does not wait for it again."""

    def __init__(self) -> None:
        self._closed_until = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() >= self._closed_until

    def close(self, error: Exception, doing: str) -> None:
        self._closed_until = time.monotonic() + PAUSE
        logger.warning("redis failed", doing=doing, error=type(error).__name__)

    def reset(self) -> None:
        self._closed_until = 0.0


gate = Gate()
_pools: dict[str, redis.ConnectionPool] = {}


def _client() -> redis.Redis:
    """A client on a pool kept for this process; keyed by address, since tests and forks may have another one."""
    pool = _pools.get(settings.REDIS_URL)
    if pool is None:
        pool = _pools[settings.REDIS_URL] = redis.ConnectionPool.from_url(
            settings.REDIS_URL, decode_responses=True, **settings.REDIS_OPTIONS
        )
    return redis.Redis(connection_pool=pool)


def _key(user_id: int) -> str:
    return f"wuhu_youth:inbox:{user_id}"


def count(user_ids: Iterable[int]) -> dict[int, Counter]:
    """The counters as the rows have them: one statement, whatever the number of users."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [list(user_ids)])
        return {user_id: Counter(unread, version) for user_id, unread, version in cursor}


def rewrite(user_ids: Iterable[int]) -> bool:
    """Write the counters of these users from SQL. False when Redis did not take them: the next sweep tries again."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITE_LOCK])
        counters = count(user_ids)
        try:
            pipeline = _client().pipeline(transaction=False)
            for user_id, counter in counters.items():
                pipeline.set(_key(user_id), counter.dump(), ex=LIFETIME)
            pipeline.execute()
        except redis.exceptions.RedisError as error:
            gate.close(error, "rewrite")
            return False
    return True


def forget(user_ids: Iterable[int]) -> None:
    """Drop counters that a person's own act (reading, settling) made wrong; the next poll counts anew."""
    keys = [_key(user_id) for user_id in user_ids]
    if not keys or not gate.is_open:
        return
    try:
        _client().delete(*keys)
    except redis.exceptions.RedisError as error:
        gate.close(error, "forget")


def of(user_id: int) -> Counter:
    """One user's counter: from Redis, else from SQL (and then kept in Redis when it can be)."""
    known = _read(user_id)
    if known is not None:
        return known
    counter = count([user_id])[user_id]
    if gate.is_open:
        try:
            # Only if still absent: a poke that came in between knows better.
            _client().set(_key(user_id), counter.dump(), ex=LIFETIME, nx=True)
        except redis.exceptions.RedisError as error:
            gate.close(error, "keep")
    return counter


def _read(user_id: int) -> Counter | None:
    if not gate.is_open:
        return None
    try:
        text = _client().get(_key(user_id))
    except redis.exceptions.RedisError as error:
        gate.close(error, "read")
        return None
    return Counter.load(str(text)) if text else None


def is_done_today(name: str, day: str) -> bool:
    """Whether the nightly work of this name was done on that day (ISO). Unknown counts as not done."""
    try:
        return bool(_client().get(f"wuhu_youth:nightly:{name}") == day)
    except redis.exceptions.RedisError as error:
        gate.close(error, "nightly")
        return False


def mark_done_today(name: str, day: str) -> None:
    try:
        _client().set(f"wuhu_youth:nightly:{name}", day, ex=3 * 24 * 3600)
    except redis.exceptions.RedisError as error:
        gate.close(error, "nightly")
