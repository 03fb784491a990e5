"""One row of a department file: what is wrong with it, or its typed values.

Four million rows pass through here in one go, so a good row costs a few microseconds: plain tuples,
and nothing looked up twice. Reasons are Chinese and hold no value from the row, ID numbers at most masked.
"""

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from registry.codes import Relation, Sex, read_code
from registry.id_numbers import InvalidIdNumber, mask, parse
from registry.names import InvalidName, clean_name

Raw = dict[str, str]


class RowError(NamedTuple):
    """Why the row on this line of the file cannot be taken in. `column` is a Chinese header, or 整行."""

    line: int
    column: str
    reason: str


WHOLE_ROW = "整行"


class BrokenRow(NamedTuple):
    """A row whose cells could not even be told apart by column. `values` as far as they could."""

    values: Raw
    errors: list[RowError]


class InvalidDate(ValueError):
    """The text is no date. `str()` is a message for the user."""


_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}")


@lru_cache(maxsize=65_536)
def parse_date(text: str) -> date:
    """A day written 2026-11-24 or 20261124. Raises InvalidDate."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not _DATE.fullmatch(plain):
        raise InvalidDate("日期应写成 2026-11-24 或 20261124")
    digits = plain.replace("-", "")
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise InvalidDate("日期不存在，请核对年月日") from None
    if not 1900 <= day.year <= 2100:
        raise InvalidDate("年份应在 1900 至 2100 之间")
    return day


class ResidenceRow(NamedTuple):
    """Who lives where since when. No `dwelling_code`: left the city, for `destination_code` if known.

    `id_number` is checked and upper-case; one of it and `person_number` may be "".
    """

    line: int
    id_number: str
    person_number: str
    dwelling_code: str
    starts_on: date
    destination_code: str


class ResidentRow(NamedTuple):
    """A person. `sex` and `birth_on` come from the ID number where the file leaves them out; the rest may be ""."""

    line: int
    id_number: str
    person_number: str
    name: str
    sex: str
    birth_on: date
    hukou_code: str
    household_number: str
    relation: str
    phone: str


def check_residence(line: int, raw: Raw, *, as_of: date) -> ResidenceRow | list[RowError]:
    """Check a row of `residences` by itself. Whether person, dwelling and county exist is asked in the database."""
    errors: list[RowError] = []
    get = raw.get
    id_number, person_number, _, _ = check_person(line, raw, as_of, errors)
    starts_on = check_day(line, "起始日期", raw["starts_on"], as_of, errors)
    dwelling_code = raw["dwelling_code"]
    if len(dwelling_code) > 50 or not dwelling_code.isprintable():
        errors.append(RowError(line, "房屋编号", "房屋编号最多 50 个字符，不能有换行和控制字符"))
    destination_code = ""
    if not dwelling_code:  # beside a dwelling the cell means nothing: nobody left
        destination_code = check_destination(line, "迁往地", get("destination_code", ""), errors)
    if errors or starts_on is None:
        return errors
    return ResidenceRow(line, id_number, person_number, dwelling_code, starts_on, destination_code)


def check_resident(line: int, raw: Raw, *, as_of: date) -> ResidentRow | list[RowError]:
    """Check a row of `residents` by itself. What a file says of the sex prevails over the ID number's digit."""
    errors: list[RowError] = []
    get = raw.get
    id_number, person_number, number_birth_on, number_sex = check_person(line, raw, as_of, errors)
    name = check_name(line, raw["name"], errors)
    sex = _sex(line, get("sex", ""), errors)
    if sex in _SEX_NOT_SAID:
        sex = number_sex or sex
    birth_on = _birth_date(
        line, get("birth_on", ""), number_birth_on, as_of, errors, has_id_number=bool(raw.get("id_number"))
    )
    hukou_code = get("hukou_code", "")
    if hukou_code and not (is_digits(hukou_code, 12) or is_digits(hukou_code, 6)):
        errors.append(RowError(line, "户籍地", "户籍地应为 12 位或 6 位区划代码"))
    household_number = get("household_number", "")
    if len(household_number) > 18 or not household_number.isprintable():
        errors.append(RowError(line, "户号", "户号最多 18 个字符，不能有换行和控制字符"))
    relation = ""
    if raw_relation := get("relation", ""):
        member = read_code(Relation, raw_relation)
        relation = member.value if member else ""
        if member is None:
            errors.append(RowError(line, "与户主关系", "与户主关系不在家庭关系代码（GB/T 4761）中"))
    phone = get("phone", "")
    if len(phone) > 50 or not phone.isprintable():
        errors.append(RowError(line, "联系方式", "联系方式最多 50 个字符，不能有换行和控制字符"))
    if errors or birth_on is None:
        return errors
    return ResidentRow(
        line, id_number, person_number, name, sex, birth_on, hukou_code, household_number, relation, phone
    )


_PERSON_NUMBER = re.compile(r"[0-9A-Za-z_-]{1,30}")
_SEX_NOT_SAID = ("", Sex.UNKNOWN.value, Sex.UNSTATED.value)


def check_person(
    line: int, raw: Raw, as_of: date, errors: list[RowError]
) -> tuple[str, str, date | None, str]:
    """ID number, 人员编号, and the birth date and sex that the ID number states."""
    id_number = raw.get("id_number", "")
    person_number = raw.get("person_number", "")
    birth_on: date | None = None
    sex = ""
    if id_number:
        try:
            parsed = parse(id_number, today=date.max)
        except InvalidIdNumber as fault:
            errors.append(RowError(line, "公民身份号码", f"{mask(id_number)}：{str(fault).rstrip('。')}"))
        else:
            id_number, birth_on, sex = parsed.number, parsed.birth_on, parsed.sex.value
            if birth_on > as_of:
                errors.append(
                    RowError(line, "公民身份号码", f"{mask(id_number)}：证件号码中的出生日期晚于数据日期")
                )
    elif not person_number:
        errors.append(RowError(line, "公民身份号码", "公民身份号码和人员编号至少填一项"))
    if person_number:
        _check_person_number(line, person_number, errors)
    return id_number, person_number, birth_on, sex


def _check_person_number(line: int, person_number: str, errors: list[RowError]) -> None:
    if not _PERSON_NUMBER.fullmatch(person_number):
        errors.append(RowError(line, "人员编号", "人员编号只能用字母、数字和横线，最多 30 位"))
    elif len(person_number) == 18:
        # An ID number in this column would be stored unencrypted.
        try:
            parse(person_number, today=date.max)
        except InvalidIdNumber:
            return
        errors.append(RowError(line, "人员编号", "填的是公民身份号码，请改填到公民身份号码列"))


def check_day(line: int, column: str, text: str, as_of: date, errors: list[RowError]) -> date | None:
    if not text:
        errors.append(RowError(line, column, f"请填写{column}"))
        return None
    try:
        day = parse_date(text)
    except InvalidDate as fault:
        errors.append(RowError(line, column, str(fault)))
        return None
    if day > as_of:
        errors.append(RowError(line, column, f"{column}晚于数据日期 {as_of.isoformat()}"))
        return None
    return day


def check_end(line: int, text: str, starts_on: date | None, errors: list[RowError]) -> date | None:
    """终止日期: empty while it lasts; may lie ahead (a term that is known), never before the start."""
    if not text:
        return None
    try:
        day = parse_date(text)
    except InvalidDate as fault:
        errors.append(RowError(line, "终止日期", str(fault)))
        return None
    if starts_on and day < starts_on:
        errors.append(RowError(line, "终止日期", "终止日期早于起始日期"))
        return None
    return day


def check_destination(line: int, column: str, text: str, errors: list[RowError]) -> str:
    """A 6-digit county code, or nothing; whether it exists is asked in the database."""
    if text and not is_digits(text, 6):
        errors.append(RowError(line, column, f"{column}应为 6 位行政区划代码，不清楚可以不填"))
    return text


def _birth_date(
    line: int,
    text: str,
    number_birth_on: date | None,
    as_of: date,
    errors: list[RowError],
    *,
    has_id_number: bool,
) -> date | None:
    if not text and has_id_number:  # as the number says; a faulty number is an error of its own
        return number_birth_on
    if not text:
        errors.append(RowError(line, "出生日期", "没有公民身份号码时必须填写出生日期"))
        return None
    birth_on = check_day(line, "出生日期", text, as_of, errors)
    if birth_on and number_birth_on and birth_on != number_birth_on:
        errors.append(RowError(line, "出生日期", "出生日期与证件号码不一致"))
    return birth_on


def check_name(line: int, text: str, errors: list[RowError], column: str = "姓名") -> str:
    try:
        return clean_name(text)
    except InvalidName as fault:
        errors.append(RowError(line, column, str(fault).rstrip("。")))
        return ""


def _sex(line: int, text: str, errors: list[RowError]) -> str:
    if not text:
        return Sex.UNKNOWN.value
    member = read_code(Sex, text)
    if member is None:
        errors.append(RowError(line, "性别", "性别应为 男、女、未知、未说明，或代码 1、2、0、9"))
        return Sex.UNKNOWN.value
    return member.value


def is_digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()
