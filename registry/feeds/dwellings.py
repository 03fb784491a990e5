"""A file of dwellings 房屋: new doors, and what changed about known ones. A door never changes its grid by a feed."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import connection

from .. import register_row
from ..moves import Applied
from ..sql import statements
from .errors import Errors
from .reading import FeedFile
from .rows import BrokenRow, Raw, RowError, is_digits
from .staging import copy_rows

_TEXTS = {
    "code": ("房屋编号", 50),
    "estate": ("小区名称", 100),
    "building": ("楼栋", 50),
    "unit": ("单元", 50),
    "room": ("室", 50),
    "address": ("房屋地址", 200),
}
# China with room to spare; a pair outside it was typed the wrong way round or in another system.
_RANGES = {"longitude": ("经度", 73.0, 136.0), "latitude": ("纬度", 3.0, 54.0)}
_COLUMNS = (
    "line",
    "code",
    "grid_code",
    "estate",
    "building",
    "unit",
    "room",
    "address",
    "longitude",
    "latitude",
)
_FAULTS = {
    "grid": ("网格编号", "没有这个网格编号，或网格已停用，请核对"),
    "other_grid": ("网格编号", "这处房屋已登记在另一个网格；调整网格请由管理员在网格管理中办理"),
}


def judge(feed: FeedFile, *, as_of: date, errors: Errors, **_other: str) -> Applied:
    """Stage the file and say what is new; adds to `errors` and changes nothing in the register."""
    sql = statements("feed_dwellings.sql")
    with connection.cursor() as cursor:
        cursor.execute(sql["stage"])
        copy_rows("feed_dwelling", _COLUMNS, _checked(feed, errors))
        for name in ("resolve", "faults"):
            cursor.execute(sql[name])
        for line, fault, first_line in cursor.fetchall():
            errors.add(
                RowError(line, "房屋编号", f"与第 {first_line} 行是同一处房屋，请只保留一行")
                if fault == "repeated"
                else RowError(line, *_FAULTS[fault])
            )
        cursor.execute(sql["unchanged"])
        return Applied(unchanged=cursor.fetchone()[0])


def apply(judged: Applied, *, batch: Any, **_origin: Any) -> None:
    sql = statements("feed_dwellings.sql")
    with connection.cursor() as cursor:
        for name in ("add", "change"):
            cursor.execute(sql[name], {"batch": batch})
        youth_ids = [row[0] for row in cursor.fetchall()]
    register_row.refresh(youth_ids)


def _checked(feed: FeedFile, errors: Errors) -> Iterator[tuple[Any, ...]]:
    for line, raw in feed.rows():
        errors.rows += 1
        found = raw.errors if isinstance(raw, BrokenRow) else _check(line, raw)
        if isinstance(found, list):
            errors.extend(found)
        else:
            yield found


def _check(line: int, raw: Raw) -> tuple[Any, ...] | list[RowError]:
    errors: list[RowError] = []
    texts = {field: raw.get(field, "") for field in _TEXTS}
    for field, (column, longest) in _TEXTS.items():
        if len(texts[field]) > longest or not texts[field].isprintable():
            errors.append(RowError(line, column, f"{column}最多 {longest} 个字符，不能有换行等控制字符"))
    errors += [
        RowError(line, _TEXTS[field][0], f"请填写{_TEXTS[field][0]}")
        for field in ("code", "address")
        if not texts[field]
    ]
    grid_code = raw["grid_code"]
    if not is_digits(grid_code, 15):
        errors.append(RowError(line, "网格编号", "网格编号应为 15 位数字"))
    place = {field: _degrees(line, raw.get(field, ""), field, errors) for field in _RANGES}
    if (place["longitude"] is None) != (place["latitude"] is None) and not errors:
        errors.append(RowError(line, "经度", "经度和纬度要么都填，要么都不填"))
    if errors:
        return errors
    words = [texts[field] or None for field in _TEXTS if field != "code"]
    return (line, texts["code"], grid_code, *words, place["longitude"], place["latitude"])


def _degrees(line: int, text: str, field: str, errors: list[RowError]) -> float | None:
    if not text:
        return None
    column, lowest, highest = _RANGES[field]
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not lowest <= value <= highest:
        errors.append(RowError(line, column, f"{column}应为 {lowest:g} 至 {highest:g} 之间的度数（WGS-84）"))
        return None
    return value
