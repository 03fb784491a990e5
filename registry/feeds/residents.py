"""A file of residents 人员: newcomers are born, changed ones changed; an empty cell leaves what is known."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import connection

from .. import presence, register_row
from ..codes import rural_hukou
from ..encryption import encrypt
from ..models.residents import id_number_index, phone_index
from ..moves import Applied
from ..names import pinyin_of
from ..sql import statements
from .errors import Errors
from .reading import FeedFile
from .rows import BrokenRow, ResidentRow, RowError, check_resident
from .staging import copy_rows

_COLUMNS = (
    "line", "id_number", "id_number_index", "person_number", "name", "pinyin", "initials", "sex", "birth_on",
    "hukou_code", "hukou_is_rural", "household_number", "relation", "phone", "phone_index",
)  # fmt: skip


def judge(feed: FeedFile, *, as_of: date, errors: Errors, **_other: str) -> Applied:
    """Stage the file and say what is new; adds to `errors` and changes nothing in the register."""
    sql = statements("feed_residents.sql")
    with connection.cursor() as cursor:
        cursor.execute(sql["stage"])
        copy_rows("feed_resident", _COLUMNS, _checked(feed, as_of, errors))
        for name in ("lock", "resolve", "faults"):
            cursor.execute(sql[name])
        for line, fault, first_line in cursor.fetchall():
            errors.add(_fault(line, fault, first_line))
        for name in ("analyze", "differing", "unchanged"):
            cursor.execute(sql[name])
        return Applied(unchanged=cursor.fetchone()[0])


def apply(judged: Applied, *, batch: Any, **_origin: Any) -> None:
    sql = statements("feed_residents.sql")
    with connection.cursor() as cursor:
        cursor.execute(sql["households"])
        for name in ("add", "change"):
            cursor.execute(sql[name], {"batch": batch})
        youth_ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(sql["touched"])
    # Newcomers have no home yet; of the others only whoever changed.
    presence.follow("(SELECT resident_id FROM feed_resident_changed JOIN feed_resident_known USING (line))")
    register_row.refresh(youth_ids)


def _fault(line: int, fault: str, first_line: int) -> RowError:
    return {
        "two_persons": RowError(line, "人员编号", "人员编号和证件号码分属两个已登记的人，请核对"),
        "other_number": RowError(line, "公民身份号码", "这个人员编号已登记了另一个证件号码，请核对"),
        "other_person_number": RowError(line, "人员编号", "这个证件号码已登记了另一个人员编号，请核对"),
        "repeated": RowError(line, "整行", f"与第 {first_line} 行是同一个人，请只保留一行"),
    }[fault]


def _checked(feed: FeedFile, as_of: date, errors: Errors) -> Iterator[tuple[Any, ...]]:
    for line, raw in feed.rows():
        errors.rows += 1
        row = raw.errors if isinstance(raw, BrokenRow) else check_resident(line, raw, as_of=as_of)
        if isinstance(row, list):
            errors.extend(row)
        else:
            yield _staged(row)


def _staged(row: ResidentRow) -> tuple[Any, ...]:
    pinyin, initials = pinyin_of(row.name)
    return (
        row.line,
        encrypt(row.id_number, "id_number") if row.id_number else None,
        id_number_index(row.id_number) if row.id_number else None,
        row.person_number or None,
        row.name,
        pinyin,
        initials,
        row.sex,
        row.birth_on,
        row.hukou_code or None,
        rural_hukou(row.hukou_code) if row.hukou_code else None,
        row.household_number or None,
        row.relation or None,
        encrypt(row.phone, "phone") if row.phone else None,
        phone_index(row.phone) if row.phone else None,
    )
