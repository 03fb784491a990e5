"""Files that nobody should send, through the whole of `load_feed`: each is refused by name, whole or row by row,

nothing of it is applied that should not be, and the next good file is taken as if nothing had been.
"""

import io
import resource
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.management import CommandError
from python_calamine import CalamineWorkbook

from registry.id_numbers import check_character
from registry.models import Batch, Move, Residence, Resident
from tests.factories import HUAQIANG, YINHU, id_number, make_dwelling, make_resident, years_ago
from tests.registry.test_load_feed import ago, home, load, today, write

pytestmark = pytest.mark.django_db

HEADER = "公民身份号码,人员编号,房屋编号,起始日期,迁往地"
Make = Callable[[dict[str, str]], bytes]


def text(*rows: str, header: str = HEADER, encoding: str = "utf-8") -> Make:
    return lambda words: "\n".join([header, *(row.format(**words) for row in rows)]).encode(encoding)


def workbook(*rows: list[Any], header: str = HEADER) -> Make:
    def made(words: dict[str, str]) -> bytes:
        target = io.BytesIO()
        with xlsxwriter.Workbook(target) as book:
            sheet = book.add_worksheet()
            for line, row in enumerate([header.split(","), *rows]):
                for place, cell in enumerate(row):
                    filled = cell.format(**words) if isinstance(cell, str) else cell
                    if isinstance(filled, str) and filled.startswith("="):
                        sheet.write_formula(line, place, filled)
                    else:
                        sheet.write(line, place, filled)
        return target.getvalue()

    return made


def bomb(words: dict[str, str]) -> bytes:
    """More than half a gigabyte of zeros in a workbook of less than one megabyte."""
    target = io.BytesIO(workbook(["{number}", "", "{new}", "{day}", ""])(words))
    with (
        zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet2.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(600):
            sheet.write(bytes(1 << 20))
    return target.getvalue()


GOOD = "{number},,{new},{day},"

# name: (file name, content, what the message says)
REFUSED_WHOLE: dict[str, tuple[str, Make, str]] = {
    "an empty file": ("f.csv", lambda w: b"", "空"),
    "UTF-16 cut in the middle of a character": (
        "f.csv",
        lambda w: text(GOOD)(w).decode().encode("utf-16")[:-1],
        "",
    ),
    "GBK that was read as something else before": ("f.csv", text("锟斤拷,,{new},{day},"), "编码"),
    "replacement characters": ("f.csv", text("\ufffd,,{new},{day},"), "编码"),
    "bytes of no encoding": ("f.csv", lambda w: text(GOOD)(w) + b"\n\xff\xfe\xff\x80\x81", ""),
    "NUL": ("f.csv", lambda w: text(GOOD)(w) + b"\n\0\0", "NUL"),
    "an unclosed quote": ("f.csv", text('"{number},,{new},{day},'), "引号"),
    "a missing required column": (
        "f.csv",
        text("{number},{day}", header="公民身份号码,起始日期"),
        "房屋编号",
    ),
    "a missing person key": ("f.csv", text("{new},{day}", header="房屋编号,起始日期"), "公民身份号码"),
    "a duplicate column": ("f.csv", text(GOOD, header=HEADER + ",房屋编号"), "房屋编号"),
    "no header at all": ("f.csv", text("x", header="1,2,3,4,5"), ""),
    "5,000 columns": (
        "f.csv",
        text(GOOD, header=HEADER + "," + ",".join(f"列{n}" for n in range(5000))),
        "列",
    ),
    "a forbidden column 宗教信仰": ("f.csv", text(GOOD + ",无", header=HEADER + ",宗教信仰"), "宗教"),
    "a forbidden column 违法犯罪情况": ("f.csv", text(GOOD + ",无", header=HEADER + ",违法犯罪情况"), "封存"),
    "a workbook cut in half": (
        "f.xlsx",
        lambda w: workbook(["{number}", "", "{new}", "{day}", ""])(w)[:900],
        "打不开",
    ),
    "a text named as a workbook's zip": ("f.xlsx", lambda w: b"PK\x03\x04 not a zip", "打不开"),
    "a zip bomb": ("f.xlsx", bomb, "解压"),
    "a cell of ten megabytes": ("f.csv", text("{number},," + "九" * 3_500_000 + ",{day},"), "过长"),
    "a picture": ("f.csv", lambda w: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, ""),
}

# name: (content, field, reason)
REFUSED_ROWS: dict[str, tuple[Make, str, str]] = {
    "an ID number as a spreadsheet number": (
        workbook([340207201501010000, "", "{new}", "{day}", ""]),
        "公民身份号码",
        "文本",
    ),
    "a wrong check digit": (text("{wrong},,{new},{day},"), "公民身份号码", "校验"),
    "an impossible birth date in the number": (
        text("340207201502300013,,{new},{day},"),
        "公民身份号码",
        "出生日期",
    ),
    "an unborn person": (text("{unborn},,{new},{day},"), "公民身份号码", "晚于"),
    "13 digits": (text("3402072015010,,{new},{day},"), "公民身份号码", "位"),
    "letters in the number": (text("34020720150101ABCD,,{new},{day},"), "公民身份号码", ""),
    "nobody": (text(",,{new},{day},"), "公民身份号码", "至少"),
    "an impossible date": (text("{number},,{new},2026-02-30,"), "起始日期", "不存在"),
    "a date in words": (text("{number},,{new},去年,"), "起始日期", "2026-11-24"),
    "the year 0001": (text("{number},,{new},0001-01-01,"), "起始日期", "1900"),
    "tomorrow": (text("{number},,{new},{tomorrow},"), "起始日期", "晚于"),
    "no date": (text("{number},,{new},,"), "起始日期", "请填写"),
    "an unknown door": (text("{number},,没有这样的门,{day},"), "房屋编号", "没有这个房屋编号"),
    "a place of two meanings": (text("{number},,,{day},340207"), "迁往地", "在本市"),
    "too many cells": (text("{number},,{new},{day},,多,余"), "整行", "格"),
    "too few cells": (text("{number},,{new}"), "整行", "格"),
    "SQL": (text("'; DROP TABLE registry_resident;--,,{new},{day},"), "公民身份号码", ""),
    "COPY's own escapes": (text("\\N,\\.,{new},{day},"), "公民身份号码", ""),
    "a formula": (text("=1+1,,{new},{day},"), "公民身份号码", ""),
    "two places for one day": (text(GOOD, "{number},,{other},{day},"), "起始日期", "矛盾"),
}

TAKEN: dict[str, tuple[str, Make]] = {
    "UTF-8 with a mark": ("f.csv", lambda w: b"\xef\xbb\xbf" + text(GOOD)(w)),
    "GB18030": ("f.csv", text(GOOD, encoding="gb18030")),
    "UTF-16": ("f.csv", text(GOOD, encoding="utf-16")),
    "carriage returns": ("f.csv", lambda w: text(GOOD)(w).replace(b"\n", b"\r\n")),
    "spaces, lower-case x and full-width digits": ("f.csv", text(" {lower} ,, {new} ,{compact},")),
    "a 15-digit number of old": ("f.csv", text("{old_number},,{old_home},{day},")),
    "unknown columns": ("f.csv", text(GOOD + ",x", header=HEADER + ",备注")),
    "quoted newlines in an unknown column": ("f.csv", text(GOOD + ',"一\n二"', header=HEADER + ",备注")),
    "a workbook": ("f.xlsx", workbook(["{number}", "", "{new}", "{day}", ""])),
    "blank rows between": ("f.csv", text(",,,,", GOOD, "", ",,,,")),
}  # fmt: skip


@pytest.fixture
def words() -> dict[str, str]:
    old, new, other = (
        make_dwelling(f"{HUAQIANG}001"),
        make_dwelling(f"{YINHU}001"),
        make_dwelling(f"{YINHU}002"),
    )
    number = id_number(years_ago(12))
    make_resident("张小海", dwelling=old, birth_on=years_ago(12), id_number=number)
    head = f"340207{today() + timedelta(days=400):%Y%m%d}001"
    short = "340207700101001"
    long = short[:6] + "19" + short[6:]
    make_resident("李大山", years_ago(50), dwelling=old, id_number=long + check_character(long))
    return {
        "number": number,
        "lower": number.lower(),
        "wrong": number[:17] + ("1" if number[17] == "0" else "0"),
        "unborn": head + check_character(head),
        "old_number": short,
        "old_home": new.code,
        "new": new.code,
        "other": other.code,
        "day": ago(2),
        "compact": ago(2).replace("-", ""),
        "tomorrow": str(today() + timedelta(days=1)),
    }


@pytest.mark.parametrize("name", REFUSED_WHOLE)
def test_a_file_that_cannot_be_used_is_refused_whole(
    name: str, tmp_path: Path, words: dict[str, str]
) -> None:
    file_name, make, message = REFUSED_WHOLE[name]
    (tmp_path / file_name).write_bytes(make(words))
    started = time.monotonic()
    with pytest.raises(CommandError) as refused:
        load(tmp_path / file_name)
    assert refused.value.returncode == 2
    assert message in str(refused.value)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in str(refused.value)), "told in Chinese"
    assert time.monotonic() - started < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1_500_000, "kilobytes"
    assert not Batch.objects.exists()
    _the_next_good_file_is_taken(tmp_path, words)


@pytest.mark.parametrize("name", REFUSED_ROWS)
def test_a_row_that_cannot_be_used_is_refused_by_line_field_and_reason(
    name: str, tmp_path: Path, words: dict[str, str]
) -> None:
    make, field, reason = REFUSED_ROWS[name]
    content = make(words)
    path = tmp_path / ("f.xlsx" if content.startswith(b"PK") else "f.csv")
    path.write_bytes(content)
    counts = load(path)
    assert counts["rejected"] == 1
    header, row = CalamineWorkbook.from_path(counts["errors_file"]).get_sheet_by_index(0).to_python()[:2]
    told = dict(zip(header, row, strict=True))
    assert int(str(told["行号"])) >= 2
    assert field in str(told["字段"])
    assert reason in str(told["原因"])
    assert words["number"] not in str(told["原因"])
    assert Move.objects.everyone(because="test").count() == counts["moves_within"]
    assert counts["accepted"] == counts["moves_within"] + counts["unchanged"]


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_only_unusual_is_taken(name: str, tmp_path: Path, words: dict[str, str]) -> None:
    file_name, make = TAKEN[name]
    (tmp_path / file_name).write_bytes(make(words))
    counts = load(tmp_path / file_name)
    assert (counts["rows"], counts["accepted"], counts["moves_within"]) == (1, 1, 1)


def _the_next_good_file_is_taken(tmp_path: Path, words: dict[str, str]) -> None:
    assert Residence.objects.everyone(because="test").filter(ends_on=None).count() == 2
    counts = load(write(tmp_path / "good.csv", [[words["number"], "", words["new"], words["day"], ""]]))
    assert counts["moves_within"] == 1
    assert home(Resident.objects.everyone(because="test").get(name="张小海")) == words["new"]
