"""The chain of readings 查阅记录链: blocks that seal readings, so that altered, removed or slipped-in rows show.

Readers write their rows unchained and queue behind nobody. The sweep (every 30 s) gathers what is committed and not
yet sealed into blocks (封签): a digest of every row, and a hash over the block and the one before. The readings
themselves are never written again. Digest and hash are HMAC-SHA256 under a key derived from the index key of
FIELD_KEYS (the one that is not rotated): whoever may write to the database alone cannot make a chain that fits.

A row may commit later than one with a higher id, so a block names its rows instead of a range. What is younger than
LATE before the last seal and in no block is sealed next; an older one in no block was slipped in, and verifying says
so. Cutting off the end of the chain together with its rows is told by the log: each seal writes its block's number and
hash there, and logs are shipped off the host.

Kept three years (网络数据安全管理条例 12, 未成年人网络保护条例 36; at least six months by 网络安全法). `drop_month`
removes a month after that and only when it verifies; that it was dropped, and by whom, is a block of the chain.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone

from grids.encryption import keys
from grids.models import User

from .retention_policy import term

KEEP_MONTHS = term("reading").months
MONTHS_AHEAD = 3
LATE = timedelta(hours=1)  # no page's transaction lasts as long
BLOCK_ROWS = 5_000
MOST_EXAMPLES = 10
SEAL_LOCK = 7325  # "seal" on a telephone's keys
_DIGEST = 32
_FIELDS = "id, at, by_id, post, page, purpose, subject, count, subject_ids::text[], request_id"
_ZERO = bytes(_DIGEST)

logger = structlog.get_logger(__name__)


class MonthStays(Exception):
    """The month cannot be dropped; the words say why."""


@dataclass
class Findings:
    """What verifying found: numbers of rows and blocks, and what does not fit (ids, never a name)."""

    readings: int = 0
    blocks: int = 0
    unsealed: int = 0
    altered: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    inserted: list[int] = field(default_factory=list)
    broken_blocks: list[int] = field(default_factory=list)
    head: str = ""

    @property
    def ok(self) -> bool:
        return not (self.altered or self.removed or self.inserted or self.broken_blocks)

    def as_json(self) -> dict[str, Any]:
        faults = {name: getattr(self, name) for name in ("altered", "removed", "inserted", "broken_blocks")}
        return {
            "ok": self.ok,
            "readings": self.readings,
            "blocks": self.blocks,
            "unsealed": self.unsealed,
            **{name: {"count": len(ids), "examples": ids[:MOST_EXAMPLES]} for name, ids in faults.items()},
            "head": self.head,
        }


def _keyed(*parts: bytes) -> bytes:
    key = hmac.digest(keys().index, b"chain of readings", hashlib.sha256)
    return hmac.digest(key, b"".join(len(part).to_bytes(8, "big") + part for part in parts), hashlib.sha256)


def digest_of(row: Iterable[Any]) -> bytes:
    """The keyed digest of a reading: its columns in the order of _FIELDS, moments in UTC."""
    told = [value.astimezone(_UTC).isoformat() if isinstance(value, datetime) else value for value in row]
    return _keyed(b"reading", json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())


_UTC = timezone.get_fixed_timezone(0)


@dataclass(frozen=True)
class _Block:
    """A row of registry_readingblock before its hash."""

    number: int
    month: date
    previous: bytes
    ids: list[int] = field(default_factory=list)
    digests: bytes = b""
    drops_month: bool = False
    by_id: int | None = None

    def hash(self) -> bytes:
        told = [self.number, self.month.isoformat(), self.ids, self.drops_month, self.by_id]
        head = json.dumps(told, separators=(",", ":"))
        return _keyed(b"block", head.encode(), self.digests, self.previous)

    def is_whole(self, previous: bytes, stored: bytes) -> bool:
        """Whether it follows the one before, its own hash is right and it holds a digest for every row."""
        follows = self.previous == previous and len(self.digests) == _DIGEST * len(self.ids)
        return follows and hmac.compare_digest(self.hash(), stored)

    def append(self, cursor: Any, last_at: datetime | None = None) -> bytes:
        """Write it at the end of the chain and tell the log; returns its hash."""
        made = self.hash()
        cursor.execute(
            "INSERT INTO registry_readingblock"
            " (id, month, last_at, reading_ids, digests, previous, hash, drops_month, by_id)"
            " VALUES (%s, %s, %s, %s::bigint[], %s, %s, %s, %s, %s)",
            [
                self.number, self.month, last_at, self.ids, self.digests, self.previous, made,
                self.drops_month, self.by_id,
            ],
        )  # fmt: skip
        what = "month of readings dropped" if self.drops_month else "readings sealed"
        logger.info(what, block=self.number, month=f"{self.month:%Y-%m}", rows=len(self.ids), hash=made.hex())
        return made


def seal(*, block_rows: int = BLOCK_ROWS) -> int:
    """Seal what is committed and in no block yet; returns how many rows. Run by the sweep, safe to repeat."""
    sealed = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])
        number, previous, since = _last_block(cursor)
        cursor.execute(
            f"SELECT {_FIELDS} FROM registry_reading r WHERE at >= %s AND NOT EXISTS ("  # noqa: S608 - constants
            " SELECT FROM (SELECT unnest(reading_ids) AS id FROM registry_readingblock WHERE last_at >= %s) b"
            " WHERE b.id = r.id) ORDER BY id",
            [since, since],
        )
        for month, rows in _in_blocks(cursor.fetchall(), block_rows):
            number += 1
            digests = b"".join(map(digest_of, rows))
            block = _Block(number, month, previous, [row[0] for row in rows], digests)
            previous = block.append(cursor, max(row[1] for row in rows))
            sealed += len(rows)
    return sealed


def _last_block(cursor: Any) -> tuple[int, bytes, datetime]:
    """Number and hash of the last block, and from when on rows may still be in none."""
    cursor.execute("SELECT id, hash FROM registry_readingblock ORDER BY id DESC LIMIT 1")
    number, previous = cursor.fetchone() or (0, _ZERO)
    cursor.execute("SELECT max(sealed_at) FROM registry_readingblock WHERE NOT drops_month")
    (sealed_at,) = cursor.fetchone()
    since = sealed_at - LATE if sealed_at else datetime(1970, 1, 1, tzinfo=_UTC)
    return number, bytes(previous), since


def _in_blocks(rows: list[Any], size: int) -> Iterator[tuple[date, list[Any]]]:
    """The rows by month, a block never longer than `size`."""
    months: dict[date, list[Any]] = {}
    for row in rows:
        months.setdefault(timezone.localtime(row[1]).date().replace(day=1), []).append(row)
    for month in sorted(months):
        for start in range(0, len(months[month]), size):
            yield month, months[month][start : start + size]


def verify(*, month: date | None = None) -> Findings:
    """Walk the chain and the readings (of one month, or all). The chain itself is always walked from its beginning."""
    found = Findings()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT month FROM registry_readingblock WHERE drops_month")
        dropped = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT max(id) FROM registry_readingblock")
        (last,) = cursor.fetchone()
        previous = _ZERO
        for number in range(1, (last or 0) + 1):
            block, stored = _stored(cursor, number)
            if block is None or not block.is_whole(previous, stored):
                found.broken_blocks.append(number)
            else:
                found.blocks += 1
                if not block.drops_month and block.month not in dropped and month in (None, block.month):
                    _verify_rows(cursor, block, found)
            previous = stored or previous
        found.head = previous.hex() if last else ""
        _find_unsealed(cursor, found, month)
    return found


def _stored(cursor: Any, number: int) -> tuple[_Block | None, bytes]:
    """The block of this number and the hash that stands with it; (None, b"") when it is gone."""
    cursor.execute(
        "SELECT id, month, previous, reading_ids, digests, drops_month, by_id, hash"
        " FROM registry_readingblock WHERE id = %s",
        [number],
    )
    row = cursor.fetchone()
    if row is None:
        return None, b""
    key, month, previous, ids, digests, drops, by_id, stored = row
    return _Block(key, month, bytes(previous), ids, bytes(digests), drops, by_id), bytes(stored)


def _verify_rows(cursor: Any, block: _Block, found: Findings) -> None:
    cursor.execute(f"SELECT {_FIELDS} FROM registry_reading WHERE id = ANY(%s)", [block.ids])  # noqa: S608 - constants
    rows = {row[0]: row for row in cursor.fetchall()}
    found.readings += len(rows)
    for place, key in enumerate(block.ids):
        row = rows.get(key)
        if row is None:
            found.removed.append(key)
        elif digest_of(row) != block.digests[place * _DIGEST : (place + 1) * _DIGEST]:
            found.altered.append(key)


def _find_unsealed(cursor: Any, found: Findings, month: date | None) -> None:
    """Rows in no block: those that wait for the next seal, and those that are too old to wait."""
    _, _, since = _last_block(cursor)
    cursor.execute(
        "SELECT r.id, r.at >= %s FROM registry_reading r LEFT JOIN ("
        " SELECT unnest(reading_ids) AS id FROM registry_readingblock) b ON b.id = r.id"
        " WHERE b.id IS NULL AND (%s::date IS NULL"
        " OR date_trunc('month', r.at AT TIME ZONE 'Asia/Shanghai') = %s::date) ORDER BY r.id",
        [since, month, month],
    )
    for key, waits in cursor.fetchall():
        found.readings += 1
        if waits:
            found.unsealed += 1
        else:
            found.inserted.append(key)


def make_months(*, today: date | None = None) -> None:
    """This month's table and those of the next three. Run every night."""
    first = (today or timezone.localdate()).replace(day=1)
    with connection.cursor() as cursor:
        for ahead in range(MONTHS_AHEAD + 1):
            years, months = divmod(first.month - 1 + ahead, 12)
            cursor.execute(
                "SELECT registry_reading_month(%s)",
                [first.replace(year=first.year + years, month=months + 1)],
            )


def drop_month(month: date, *, by: User, today: date | None = None) -> int:
    """Drop a month whose three years are over, after verifying it; returns how many rows went. Raises MonthStays."""
    now = today or timezone.localdate()
    if (now.year - month.year) * 12 + now.month - month.month <= KEEP_MONTHS:
        raise MonthStays(f"查阅记录保存 {KEEP_MONTHS} 个月，{month:%Y-%m} 还没有到期。")
    part = f"registry_reading_{month:%Y_%m}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [part])
        if not cursor.fetchone()[0]:
            raise MonthStays(f"没有 {month:%Y-%m} 这个月的分区。")
        found = verify(month=month)
        if not found.ok or found.unsealed:
            raise MonthStays(f"{month:%Y-%m} 的查阅记录核验不通过，不能清除。")
        cursor.execute(f"SELECT count(*) FROM {part}")  # noqa: S608 - our own name
        (rows,) = cursor.fetchone()
        number, previous, _ = _last_block(cursor)
        _Block(number + 1, month, previous, drops_month=True, by_id=by.pk).append(cursor)
        cursor.execute(f"DROP TABLE {part}")
    return int(rows)
