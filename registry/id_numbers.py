"""公民身份号码 (GB 11643): reading one, saying what is wrong with one, and masking one.

Where a person lives or is registered is never derived from the number: division codes have
changed since it was given, and 340271 and 340272 never occur in one.
"""

import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from registry.codes import Sex

_CHECK_CHARACTERS = "10X98765432"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ALLOWED = re.compile(r"[0-9]+X?")
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_EARLIEST_YEAR = 1900


class InvalidIdNumber(ValueError):
    """The text is no ID number. `str()` is a message for the user and never holds the number."""


class IdNumber(NamedTuple):
    """A valid number of 18 characters, with the birth date and sex that it states."""

    number: str
    birth_on: date
    sex: Sex

    def __repr__(self) -> str:
        return f"IdNumber({mask(self.number)})"

    def __str__(self) -> str:
        return repr(self)


def normalise(text: str) -> str:
    """The same number in half-width digits, without spaces, with an upper-case X. Checks nothing."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def parse(text: str, *, today: date | None = None) -> IdNumber:
    """Read a number as people type it; a 15-digit old one is upgraded. Raises InvalidIdNumber."""
    number = text
    if not (len(text) == 18 and text.isascii() and text[:17].isdigit() and text[17] in "0123456789X"):
        number = _eighteen(normalise(text))
    birth_on = _birth_date(number[6:14])
    if birth_on > (today or _today()):
        raise InvalidIdNumber("证件号码中的出生日期晚于今天，请核对第 7 至 14 位。")
    if check_character(number[:17]) != number[17]:
        raise InvalidIdNumber("证件号码的校验位不对，请核对是否有数字输错。")
    return IdNumber(number, birth_on, Sex.MALE if number[16] in "13579" else Sex.FEMALE)


def check_character(first_seventeen: str) -> str:
    """The 18th character that belongs to 17 digits (ISO 7064 MOD 11-2)."""
    total = (
        _head_sum(first_seventeen[:6]) + _date_sum(first_seventeen[6:14]) + _tail_sum(first_seventeen[14:])
    )
    return _CHECK_CHARACTERS[total % 11]


def mask(text: str) -> str:
    """`340207********1234`: the first six and last four. Less of a text that is too short to be a number."""
    text = text.strip()
    if len(text) >= 15:
        return text[:6] + "*" * (len(text) - 10) + text[-4:]
    if len(text) >= 8:
        return text[:2] + "*" * (len(text) - 4) + text[-2:]
    return "*" * len(text)


def _eighteen(number: str) -> str:
    if not number:
        raise InvalidIdNumber("请填写证件号码。")
    if len(number) not in (15, 18):
        if "E+" in number:  # 3.40207E+17: what a spreadsheet leaves of a number
            raise InvalidIdNumber("证件号码已被表格软件改成科学计数法，请把证件号码列设为文本后重新填写。")
        raise InvalidIdNumber(f"证件号码位数不对，应为 18 位（旧证 15 位），现在是 {len(number)} 位。")
    if not _ALLOWED.fullmatch(number) or (len(number) == 15 and number.endswith("X")):
        raise InvalidIdNumber("证件号码含有非法字符，只能是数字，18 位的最后一位可以是 X。")
    if len(number) == 18:
        return number
    upgraded = number[:6] + "19" + number[6:]
    return upgraded + check_character(upgraded)


# Numbers repeat their parts, and four million are checked in one go: each part is worked out once.


@lru_cache(maxsize=4_096)
def _head_sum(digits: str) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS[:6], strict=True))


@lru_cache(maxsize=65_536)
def _date_sum(digits: str) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS[6:14], strict=True))


@lru_cache(maxsize=1_000)
def _tail_sum(digits: str) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS[14:], strict=True))


@lru_cache(maxsize=65_536)
def _birth_date(digits: str) -> date:
    try:
        birth_on = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise InvalidIdNumber("证件号码中的出生日期不存在，请核对第 7 至 14 位。") from None
    if birth_on.year < _EARLIEST_YEAR:
        raise InvalidIdNumber(f"证件号码中的出生日期早于 {_EARLIEST_YEAR} 年，请核对第 7 至 14 位。")
    return birth_on


def _today() -> date:
    return datetime.now(_SHANGHAI).date()
