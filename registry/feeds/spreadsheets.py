"""XLSX and XLS files: what they would unpack to is looked at before anything parses them.

A workbook is a ZIP of XML. A few kilobytes may unpack to gigabytes, and two cells in opposite corners
of a sheet make a reader allocate everything between them; both are refused here first.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

XLSX_START = b"PK\x03\x04"
XLS_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


NULL_CHARACTER = "文件含有空字符（NUL），内容不完整，请重新导出后报送。"


class UnusableFile(ValueError):
    """Nothing of the file can be taken in. `str()` is the message for the user."""


class Limits(NamedTuple):
    """How large a file may be. Bytes, rows, columns, cells."""

    file_bytes: int = 1 << 30
    sheet_bytes: int = 64 << 20  # an XLSX or XLS file as it lies on the disk
    unpacked_bytes: int = 512 << 20
    cells: int = 6_000_000  # of a sheet, empty ones between others included; it is held in memory
    rows: int = 6_000_000
    columns: int = 100


def open_sheet(path: Path, limits: Limits) -> CalamineSheet:
    """The first sheet of a workbook. Raises UnusableFile."""
    if path.stat().st_size > limits.sheet_bytes:
        raise UnusableFile(f"表格文件超过 {limits.sheet_bytes >> 20} MB，请另存为 CSV 后报送。")
    with path.open("rb") as file:
        is_zip = file.read(4) == XLSX_START
    if is_zip:
        _look_inside(path, limits)
    sheet = _first_sheet(path)
    if sheet.total_height * sheet.total_width > limits.cells:
        raise UnusableFile("表格的行列太多，请另存为 CSV 后报送。")
    return sheet


def _first_sheet(path: Path) -> CalamineSheet:
    try:
        return CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    except PasswordError:
        raise UnusableFile("文件设了密码，请取消密码后重新报送。") from None
    except (CalamineError, OSError, ValueError, IndexError):
        raise UnusableFile("文件打不开：不是完整的 XLSX 或 XLS 文件。") from None
    except BaseException as fault:
        # A parser written in Rust that gives up raises PanicException, which is no Exception.
        if type(fault).__name__ != "PanicException":
            raise
        raise UnusableFile("文件打不开：文件已损坏。") from None


def _look_inside(path: Path, limits: Limits) -> None:
    """Unpack every member once, within the limits, and find how far the cells of each sheet reach."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            if "xl/workbook.xml" not in names:
                raise UnusableFile("只接受 CSV、XLSX 或 XLS 文件，请另存后重新报送。")
            if sum(member.file_size for member in members) > limits.unpacked_bytes:
                raise UnusableFile("表格解压后太大，请另存为 CSV 后报送。")
            for member in members:
                # The reader stops at the size that the member declares and checks its sum:
                # a member that declares too little is found out here.
                with archive.open(member) as file:
                    reach = _Reach(limits, is_sheet=member.filename.startswith("xl/worksheets/"))
                    while chunk := file.read(1 << 20):
                        reach.feed(chunk)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        OSError,
        EOFError,
    ):
        raise UnusableFile("文件打不开：不是完整的 XLSX 文件。") from None


# <c r="B7" …> and <row r="7" …>; one that closes itself has no content and takes no room.
_CELL = re.compile(rb"<(?:\w+:)?(c|row)(?=[\s/>])([^<>]*?)(/?)>")
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Z]*)([0-9]*)["']""")
_LONGEST_TAG = 400


class _Reach:
    """How far the cells of a sheet reach, counted from its XML piece by piece."""

    def __init__(self, limits: Limits, *, is_sheet: bool) -> None:
        self._limits = limits
        self._is_sheet = is_sheet
        self._tail = b""
        self._last_row = 0
        self._last_column = 0
        self._cells_of_row = 0

    def feed(self, chunk: bytes) -> None:
        if not self._is_sheet:
            return
        text = self._tail + chunk
        cut = text.rfind(b"<", max(0, len(text) - _LONGEST_TAG))
        cut = len(text) if cut < 0 else cut
        self._tail = text[cut:]
        for name, attributes, closed in _CELL.findall(text[:cut]):
            if not closed:
                self._note(name, attributes)
        if self._last_row * self._last_column > self._limits.cells or self._last_row > self._limits.rows:
            raise UnusableFile("表格的行列太多，请删除表格外的内容，或另存为 CSV 后报送。")

    def _note(self, name: bytes, attributes: bytes) -> None:
        place = _PLACE.search(b" " + attributes)
        letters, digits = place.groups() if place else (b"", b"")
        if name == b"row":
            self._cells_of_row = 0
            self._last_row = max(self._last_row, int(digits)) if digits else self._last_row + 1
            return
        self._cells_of_row += 1
        column = _column_number(letters) if letters else self._cells_of_row
        self._last_column = max(self._last_column, column)
        if digits:
            self._last_row = max(self._last_row, int(digits))


def _column_number(letters: bytes) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in letters[:3]:
        number = number * 26 + letter - 64
    return number


def rows_of(sheet: CalamineSheet) -> Iterator[list[Any]]:
    """All rows from the first one of the sheet, empty ones too; cells are str, float, bool, date, datetime or time."""
    yield from sheet.iter_rows()


_LARGEST_EXACT = 10**15  # a spreadsheet keeps 15 digits of a number


def text_of(cell: Any) -> str:
    """The cell as a CSV would have it; dates as 2026-11-24, whole numbers without a point. Raises UnusableFile."""
    if isinstance(cell, str):
        if "\x00" in cell:
            raise UnusableFile(NULL_CHARACTER)
        return cell.strip()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return str(int(cell)) if float(cell).is_integer() and abs(cell) < _LARGEST_EXACT else repr(cell)
    if isinstance(cell, datetime):  # every column with a moment in it asks for the day
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def has_lost_digits(cell: Any, *, is_key: bool) -> bool:
    """Whether a number cell no longer says what was typed: leading zeros, or digits beyond the fifteenth."""
    if isinstance(cell, bool | str | date | time | timedelta) or cell is None:
        return False
    return is_key or abs(cell) >= _LARGEST_EXACT
