"""A file of residences 居住: keys and codes resolved, then the same verbs as a worker's form (registry/moves.py)."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from .. import moves
from ..models.residents import id_number_index
from ..sql import statements
from .errors import Errors
from .reading import FeedFile
from .rows import BrokenRow, RowError, check_residence
from .staging import copy_rows

_STAGED = ("line", "id_number_index", "person_number", "dwelling_code", "starts_on", "destination")
_FAULTS = {
    "person": ("公民身份号码", "没有登记过这个人，请先报送人员信息"),
    "two_persons": ("人员编号", "人员编号和证件号码不是同一个人，请核对"),
    "dwelling": ("房屋编号", "没有这个房屋编号，请核对或先报送房屋信息"),
    "stays": ("迁往地", "迁往地在本市，请填写新住处的房屋编号"),
    "destination": ("迁往地", "没有这个区划代码，请核对，不清楚可以不填"),
}


def judge(feed: FeedFile, *, as_of: date, errors: Errors, mode: str, **_source: str) -> moves.Applied:
    """Stage the file and say what each row is; adds to `errors` and changes nothing in the register."""
    sql = statements("feed_residences.sql")
    with connection.cursor() as cursor:
        cursor.execute(sql["room"])
        lines = _differing_lines(cursor, feed) if mode == "full" else None
        same = errors.rows = lines.same if lines else 0
        cursor.execute(sql["stage"])
        copy_rows(
            "feed_residence", _STAGED, _checked(feed, as_of, errors, lines.differing if lines else None)
        )
        cursor.execute(moves.STAGED)
        cursor.execute("ANALYZE feed_residence")
        cursor.execute(sql["resolve"])
        cursor.execute(sql["faults"])
        for line, fault in cursor.fetchall():
            errors.add(RowError(line, *_FAULTS[fault]))
        cursor.execute(sql["stage_known"])
        cursor.execute(sql["analyze"])
    judged = moves.judge_staged()
    judged.unchanged += same
    for line, reason in judged.refused.items():
        errors.add(RowError(line, "起始日期", reason))
    return judged


class _Lines(NamedTuple):
    """Of a full file: how many lines say what is known already, and which others have to be looked at."""

    same: int
    differing: frozenset[int]


def _differing_lines(cursor: Any, feed: FeedFile) -> _Lines:
    """Compare a whole file as text first, so that only what differs is checked and merged.

    A person of whom one line differs is looked at with all lines, since they are judged beside each other.
    """
    sql = statements("feed_residences.sql")
    cursor.execute(sql["stage_text"])
    copy_rows(
        "feed_residence_text",
        ("line", "id_number_index", "person_number", "dwelling_code", "starts_on"),
        _text(feed),
    )
    for name in ("compare", "compared"):
        cursor.execute(sql[name])
    same, differing = cursor.fetchone()
    return _Lines(same, frozenset(differing))


def _text(feed: FeedFile) -> Iterator[tuple[Any, ...]]:
    for line, raw in feed.rows():
        if isinstance(raw, BrokenRow):
            yield (line, None, None, None, None)
        else:
            number, start = raw.get("id_number"), raw["starts_on"]
            if len(start) == 8:
                start = f"{start[:4]}-{start[4:6]}-{start[6:]}"
            index = id_number_index(number.upper()) if number else None
            yield (line, index, raw.get("person_number") or None, raw["dwelling_code"] or None, start)


def apply(judged: moves.Applied, **origin: Any) -> None:
    moves.apply_judged(judged, **origin)
    with connection.cursor() as cursor:
        cursor.execute(statements("feed_residences.sql")["touched"])


def moves_by_district() -> dict[str, dict[str, int]]:
    """District code → moves in, out and within, as judged."""
    with connection.cursor() as cursor:
        cursor.execute(statements("feed_residences.sql")["moves_by_district"])
        return {
            code: {"in": came, "out": left, "within": stayed}
            for code, came, left, stayed in cursor.fetchall()
        }


def absent_count() -> int:
    """Current residents whom a full file does not name: reported, never moved."""
    with connection.cursor() as cursor:
        cursor.execute(statements("feed_residences.sql")["absent"])
        return cursor.fetchone()[0]


def current_count() -> int:
    with connection.cursor() as cursor:
        cursor.execute(statements("feed_residences.sql")["current"])
        return cursor.fetchone()[0]


def _checked(
    feed: FeedFile, as_of: date, errors: Errors, only: frozenset[int] | None
) -> Iterator[tuple[Any, ...]]:
    for line, raw in feed.rows():
        if only is not None and line not in only:
            continue
        errors.rows += 1
        row = raw.errors if isinstance(raw, BrokenRow) else check_residence(line, raw, as_of=as_of)
        if isinstance(row, list):
            errors.extend(row)
            continue
        yield (
            row.line,
            id_number_index(row.id_number) if row.id_number else None,
            row.person_number or None,
            row.dwelling_code or None,
            row.starts_on,
            row.destination_code or None,
        )
