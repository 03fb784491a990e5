"""A file of facts 事实: what a department states about a resident, for a period.

服刑, 强制隔离戒毒 and 限制人身自由 are taken from the justice bureau, and from civil affairs, which keeps them for
事实无人抚养儿童 (民发〔2019〕62号); only about adults. Such a row about somebody who was under 18 that day is
sealed by law (预防未成年人犯罪法 art. 59): refused, and nothing of it kept, not even in the errors sheet.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import connection

from .. import register_row, tombstones
from ..codes import ADULT_ONLY_FACTS, FactKind, read_code
from ..models.residents import id_number_index
from ..moves import Applied
from ..sql import statements
from .errors import Errors
from .reading import FeedFile
from .rows import BrokenRow, Raw, RowError, check_day, check_destination, check_end, check_person
from .staging import copy_rows

MAY_STATE_CUSTODY = frozenset({"justice", "civil_affairs"})

_COLUMNS = (
    "line",
    "id_number_index",
    "person_number",
    "kind",
    "starts_on",
    "ends_on",
    "unit",
    "level",
    "destination",
)
_SEALED = "此类记录依法不得报送，已整行舍弃"
_FAULTS = {
    "person": ("公民身份号码", "没有登记过这个人，请先报送人员信息"),
    "two_persons": ("人员编号", "人员编号和证件号码不是同一个人，请核对"),
    "minor": ("事项", _SEALED),
    "destination": ("去向", "没有这个区划代码，请核对，不清楚可以不填"),
}


def judge(feed: FeedFile, *, as_of: date, source: str, errors: Errors, **_mode: str) -> Applied:
    """Stage the file and say what is new; adds to `errors` and changes nothing in the register."""
    sql = statements("feed_facts.sql")
    with connection.cursor() as cursor:
        cursor.execute(sql["stage"])
        cursor.execute(sql["stage_heard"])
        copy_rows("feed_fact", _COLUMNS, _checked(feed, as_of, source, errors))
        cursor.execute("ANALYZE feed_fact")
        cursor.execute(
            sql["resolve"], {"source": source, "adult_only": [kind.value for kind in ADULT_ONLY_FACTS]}
        )
        cursor.execute(sql["faults"])
        for line, fault, first_line in cursor.fetchall():
            if fault == "minor":
                errors.withhold(line)
            errors.add(
                RowError(line, "起始日期", f"与第 {first_line} 行是同一人同一事项同一天，请只保留一行")
                if fault == "repeated"
                else RowError(line, *_FAULTS[fault])
            )
        known_already = _leave_out_sealed()
        cursor.execute(sql["unchanged"])
        return Applied(unchanged=cursor.fetchone()[0] + known_already)


def _leave_out_sealed() -> int:
    """Rows that bring what was sealed 封存 are accepted and dropped; returns how many of them said nothing new.

    They count as they would if they were stored: new the first time, unchanged when the same is said again, so that the
    report is the one about a person of whom nothing was sealed.
    """
    if not tombstones.any_stand():
        return 0
    sql = statements("feed_facts.sql")
    with connection.cursor() as cursor:
        cursor.execute(sql["new"])
        things, said = {}, {}
        for line, resident_id, index, number, kind, starts_on, ends_on, unit, *rest in cursor.fetchall():
            person = tombstones.Person(resident_id, index and bytes(index), number)
            things[line] = tombstones.Thing(person, tombstones.fact_names(kind, starts_on, unit), starts_on)
            said[line] = tombstones.said_mark(ends_on, unit, *rest)
        met = tombstones.met(things)
        cursor.execute(sql["sealed"], [list(met)])
        heard = {stone: said[line] for line, stones in met.items() for stone, _ in stones}
        cursor.execute(sql["heard"], [list(heard), list(heard.values())])
    return sum(any(before == said[line] for _, before in stones) for line, stones in met.items())


def apply(judged: Applied, *, source: str, batch: Any, **_origin: Any) -> None:
    sql = statements("feed_facts.sql")
    with connection.cursor() as cursor:
        for name in ("change", "add"):
            cursor.execute(sql[name], {"source": source, "batch": batch})
        cursor.execute(sql["hear"])
        cursor.execute(sql["touched"])
        cursor.execute(sql["youths"])
        youth_ids = [row[0] for row in cursor.fetchall()]
    register_row.refresh(youth_ids)


def _checked(feed: FeedFile, as_of: date, source: str, errors: Errors) -> Iterator[tuple[Any, ...]]:
    for line, raw in feed.rows():
        errors.rows += 1
        found = raw.errors if isinstance(raw, BrokenRow) else _check(line, raw, as_of, source, errors)
        if isinstance(found, list):
            errors.extend(found)
        else:
            yield found


def _check(
    line: int, raw: Raw, as_of: date, source: str, refused: Errors
) -> tuple[Any, ...] | list[RowError]:
    errors: list[RowError] = []
    id_number, person_number, birth_on, _ = check_person(line, raw, as_of, errors)
    kind = read_code(FactKind, raw["kind"])
    if kind is None:
        errors.append(RowError(line, "事项", f"事项应为其中之一：{'、'.join(FactKind.labels)}"))
    starts_on = check_day(line, "起始日期", raw["starts_on"], as_of, errors)
    if kind in ADULT_ONLY_FACTS:
        if source not in MAY_STATE_CUSTODY:
            refused.withhold(line)
            errors.append(RowError(line, "事项", f"这个来源不报送{kind.label if kind else ''}"))
        if birth_on and starts_on and _is_minor(birth_on, starts_on):
            refused.withhold(line)
            errors.append(RowError(line, "事项", _SEALED))
    ends_on = check_end(line, raw.get("ends_on", ""), starts_on, errors)
    level = raw.get("level", "")
    if level and not (len(level) == 1 and level in "1234"):
        errors.append(RowError(line, "等级", "等级应为 1 至 4"))
    unit = raw.get("unit", "")
    if len(unit) > 100 or not unit.isprintable():
        errors.append(RowError(line, "单位", "单位最多 100 个字符"))
    destination = check_destination(line, "去向", raw.get("destination_code", ""), errors)
    if errors or kind is None:
        return errors
    index = id_number_index(id_number) if id_number else None
    rest = (unit or None, level or None, destination or None)
    return (line, index, person_number or None, kind.value, starts_on, ends_on, *rest)


def _is_minor(birth_on: date, day: date) -> bool:
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day)) < 18
