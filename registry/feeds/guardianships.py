"""A file of guardianships 监护关系: who looks after whom, and where the guardian is."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import connection

from .. import register_row
from ..codes import GuardianshipKind, GuardianStatus, Relation, read_code
from ..encryption import encrypt
from ..id_numbers import InvalidIdNumber, mask, parse
from ..models.residents import id_number_index
from ..moves import Applied
from ..sql import statements
from .errors import Errors
from .reading import FeedFile
from .rows import BrokenRow, Raw, RowError, check_day, check_destination, check_end, check_name, check_person
from .staging import copy_rows

_COLUMNS = (
    "line", "id_number_index", "person_number", "guardian_id_number", "guardian_index", "guardian_name", "relation",
    "kind", "status", "destination", "starts_on", "ends_on",
)  # fmt: skip
_FAULTS = {
    "person": ("公民身份号码", "没有登记过这个人，请先报送人员信息"),
    "two_persons": ("人员编号", "人员编号和证件号码不是同一个人，请核对"),
    "own_guardian": ("监护人身份号码", "监护人不能是被监护人本人"),
    "destination": ("去向", "没有这个区划代码，请核对，不清楚可以不填"),
}


def judge(feed: FeedFile, *, as_of: date, source: str, errors: Errors, **_mode: str) -> Applied:
    """Stage the file and say what is new; adds to `errors` and changes nothing in the register."""
    sql = statements("feed_guardianships.sql")
    with connection.cursor() as cursor:
        cursor.execute(sql["stage"])
        copy_rows("feed_guardianship", _COLUMNS, _checked(feed, as_of, errors))
        cursor.execute("ANALYZE feed_guardianship")
        cursor.execute(sql["resolve"], {"source": source})
        cursor.execute(sql["faults"])
        for line, fault, first_line in cursor.fetchall():
            errors.add(
                RowError(line, "监护人姓名", f"与第 {first_line} 行是同一监护关系，请只保留一行")
                if fault == "repeated"
                else RowError(line, *_FAULTS[fault])
            )
        cursor.execute(sql["unchanged"])
        return Applied(unchanged=cursor.fetchone()[0])


def apply(judged: Applied, *, source: str, batch: Any, **_origin: Any) -> None:
    sql = statements("feed_guardianships.sql")
    with connection.cursor() as cursor:
        for name in ("change", "close", "add"):
            cursor.execute(sql[name], {"source": source, "batch": batch})
        cursor.execute(sql["touched"])
        cursor.execute(sql["youths"])
        youth_ids = [row[0] for row in cursor.fetchall()]
    register_row.refresh(youth_ids)


def _checked(feed: FeedFile, as_of: date, errors: Errors) -> Iterator[tuple[Any, ...]]:
    for line, raw in feed.rows():
        errors.rows += 1
        found = raw.errors if isinstance(raw, BrokenRow) else _check(line, raw, as_of)
        if isinstance(found, list):
            errors.extend(found)
        else:
            yield found


def _check(line: int, raw: Raw, as_of: date) -> tuple[Any, ...] | list[RowError]:
    errors: list[RowError] = []
    id_number, person_number, _, _ = check_person(line, raw, as_of, errors)
    guardian_name = check_name(line, raw["guardian_name"], errors, "监护人姓名")
    guardian_number = _guardian_number(line, raw.get("guardian_id_number", ""), errors)
    relation = read_code(Relation, raw["relation"])
    if relation is None:
        errors.append(RowError(line, "与被监护人关系", "与被监护人关系不在家庭关系代码（GB/T 4761）中"))
    status = read_code(GuardianStatus, raw["status"])
    if status is None:
        known = "、".join(GuardianStatus.labels)
        errors.append(RowError(line, "监护人状况", f"监护人状况应为其中之一：{known}"))
    kind = read_code(GuardianshipKind, raw["kind"]) if raw.get("kind") else None
    if raw.get("kind") and kind is None:
        errors.append(RowError(line, "监护类型", "监护类型应为 父母、委托、指定"))
    destination = check_destination(line, "去向", raw.get("destination_code", ""), errors)
    starts_on = check_day(line, "起始日期", raw["starts_on"], as_of, errors)
    ends_on = check_end(line, raw.get("ends_on", ""), starts_on, errors)
    if errors or relation is None or status is None:
        return errors
    return (
        line,
        id_number_index(id_number) if id_number else None,
        person_number or None,
        encrypt(guardian_number, "guardian_id_number") if guardian_number else None,
        id_number_index(guardian_number) if guardian_number else None,
        guardian_name,
        relation.value,
        kind.value if kind else "",
        status.value,
        destination or None,
        starts_on,
        ends_on,
    )


def _guardian_number(line: int, text: str, errors: list[RowError]) -> str:
    if not text:
        return ""
    try:
        return parse(text).number
    except InvalidIdNumber as fault:
        errors.append(RowError(line, "监护人身份号码", f"{mask(text)}:{str(fault).rstrip('。')}"))
        return ""
