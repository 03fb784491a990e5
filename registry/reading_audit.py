"""What an auditor looks at among the readings 查阅审计: a page of them, the state of the chain, unusual reading.

Unusual on a day (nothing that is wrong by itself; somebody asks):
- many: more distinct persons than READINGS_MANY_PERSONS were shown to one reader;
- hours: readings before 6 or after 22 o'clock;
- outside: files opened by whoever had no task there: within the last thirty days no alert about it, no handover and no
  candidate, no visit due by that day or within the week after, nor a visit of one's own. Listed from
  READINGS_OUTSIDE_TASKS files a day, since a cadre opens some by way of supervision.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from grids.models import User

from .public_ids import internal_id, public_id

PAGE_SIZE = 50
EARLIEST_HOUR, LATEST_HOUR = 6, 22
_TASK_DAYS = 30

_MANY = """
SELECT by_id, count(DISTINCT id) FROM (
    SELECT by_id, unnest(subject_ids) AS id FROM registry_reading
    WHERE at >= %(since)s AND at < %(until)s AND subject <> 'dwelling') AS shown
GROUP BY by_id HAVING count(DISTINCT id) > %(many)s
"""
_HOURS = """
SELECT by_id, count(*) FROM registry_reading
WHERE at >= %(since)s AND at < %(until)s AND page <> 'alerts_live'
    AND extract(hour FROM at AT TIME ZONE 'Asia/Shanghai') NOT BETWEEN %(earliest)s AND %(latest)s - 1
GROUP BY by_id
"""
_OUTSIDE = """
SELECT r.by_id, count(DISTINCT y.id) FROM registry_reading r JOIN registry_youth y ON y.id = r.subject_ids[1]
WHERE r.at >= %(since)s AND r.at < %(until)s AND r.page = 'youth'
    AND (y.next_due_on IS NULL OR y.next_due_on > %(day)s + 7)
    AND NOT EXISTS (SELECT FROM grids_alert a
                    WHERE a.addressee_id = r.by_id AND a.subject_id = y.id AND a.created_at >= %(before)s)
    AND NOT EXISTS (SELECT FROM registry_handover h
                    WHERE h.youth_id = y.id AND (h.ended_at IS NULL OR h.ended_at >= %(before)s))
    AND NOT EXISTS (SELECT FROM registry_candidate c
                    WHERE c.resident_id = y.resident_id AND (c.state = 'open' OR c.decided_at >= %(before)s))
    AND NOT EXISTS (SELECT FROM registry_visit v
                    WHERE v.youth_id = y.id AND v.by_id = r.by_id AND v.created_at >= %(before)s)
GROUP BY r.by_id HAVING count(DISTINCT y.id) >= %(outside)s
"""
_STATE = """
SELECT (SELECT max(id) FROM registry_readingblock), (SELECT max(sealed_at) FROM registry_readingblock),
       (SELECT hash FROM registry_readingblock ORDER BY id DESC LIMIT 1)
"""


@dataclass(frozen=True)
class ChainState:
    blocks: int
    sealed_at: datetime | None
    head: str


@dataclass(frozen=True)
class Page:
    """One page of readings, newest first, and the cursors of its neighbours ("" where the list ends)."""

    rows: list[Any]
    after: str = ""
    before: str = ""


def chain_state() -> ChainState:
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        blocks, sealed_at, head = cursor.fetchone()
    return ChainState(blocks or 0, sealed_at, bytes(head).hex()[:16] if head else "")


def page_of(readings: Any, *, after: str = "", before: str = "") -> Page:
    """The page behind or before the reading that a cursor names; one that names none of the list begins anew."""
    name, back = (before, True) if before else (after, False)
    place = _place(readings, name)
    if place is not None:
        at, key = place
        sign = "gt" if back else "lt"
        readings = readings.filter(Q(**{f"at__{sign}": at}) | Q(at=at, **{f"id__{sign}": key}))
    order = ("at", "id") if place and back else ("-at", "-id")
    found = list(readings.select_related("by").order_by(*order)[: PAGE_SIZE + 1])
    more, rows = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if place and back:
        rows.reverse()
    if not rows:
        return Page([])
    has_previous, has_next = (more, True) if place and back else (place is not None, more)
    return Page(
        rows,
        after=_cursor(rows[-1]) if has_next else "",
        before=_cursor(rows[0]) if has_previous else "",
    )


def _cursor(reading: Any) -> str:
    return str(public_id("reading", reading.pk))


def _place(readings: Any, name: str) -> tuple[datetime, int] | None:
    try:
        key = internal_id("reading", UUID(name)) if name else None
    except ValueError:
        return None
    found: tuple[datetime, int] | None = (
        readings.filter(id=key).values_list("at", "id").first() if key else None
    )
    return found


def unusual(day: date) -> dict[str, list[tuple[User, int]]]:
    """many, hours, outside → who, and how many persons, readings, files; the most first."""
    since = timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware here
    params: dict[str, datetime | date | int] = {
        "since": since,
        "until": since + timedelta(days=1),
        "before": since - timedelta(days=_TASK_DAYS),
        "day": day,
        "many": settings.READINGS_MANY_PERSONS,
        "outside": settings.READINGS_OUTSIDE_TASKS,
        "earliest": EARLIEST_HOUR,
        "latest": LATEST_HOUR,
    }
    found: dict[str, list[tuple[int, int]]] = {}
    with connection.cursor() as cursor:
        for key, sql in (("many", _MANY), ("hours", _HOURS), ("outside", _OUTSIDE)):
            cursor.execute(sql, params)
            found[key] = sorted(cursor.fetchall(), key=lambda row: -row[1])
    users = User.objects.in_bulk({by for rows in found.values() for by, _ in rows})
    return {key: [(users[by], number) for by, number in rows] for key, rows in found.items()}
