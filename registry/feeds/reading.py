"""Reading a department file: never a lossy decode, bounded memory, line numbers as a person sees them.

A CSV file is read twice, in pieces of a megabyte (its hash and encoding) and row by row: memory does not
grow with the file. A workbook is held by the parser, at most `Limits.cells` cells (about 300 MB).
"""

import codecs
import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from python_calamine import CalamineSheet

from ..cells import bare
from .columns import FeedKind, Layout, UnusableHeader, lay_out
from .rows import WHOLE_ROW, BrokenRow, Raw, RowError
from .spreadsheets import (
    NULL_CHARACTER,
    XLS_START,
    XLSX_START,
    Limits,
    UnusableFile,
    has_lost_digits,
    open_sheet,
    rows_of,
    text_of,
)

__all__ = ["FeedFile", "Limits", "UnusableFile", "open_feed"]

_PIECE = 1 << 20
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
# What replacement characters leave behind: the text was once decoded as something it was not.
_LOSSES = ("\ufffd", "锟斤拷")
_SHOWN_COLUMNS = 20


@dataclass(frozen=True, slots=True)
class FeedFile:
    """A file whose first row fits its kind. `sha256` is of the file's content; `encoding` None for a workbook."""

    path: Path
    kind: FeedKind
    sha256: str
    size: int
    encoding: str | None
    headers: tuple[str, ...]
    layout: Layout
    limits: Limits = field(repr=False)
    _sheet: CalamineSheet | None = field(repr=False, default=None)

    @property
    def unknown_columns(self) -> tuple[str, ...]:
        """Headers that the kind does not know: named in the report, otherwise ignored."""
        return self.layout.unknown

    def rows(self) -> Iterator[tuple[int, Raw | BrokenRow]]:
        """(line, row) for every row that is not blank, each time from the start of the file.

        The line is the row number that a spreadsheet program shows, the header being 1. Values are
        stripped text by field name, "" where empty. Raises UnusableFile when the file ends in the
        middle of something: use what was yielded only after the last row.
        """
        rows = self._csv_rows() if self._sheet is None else self._sheet_rows(self._sheet)
        return self._as_it_was(rows) if self.layout.is_errors_sheet else rows

    @staticmethod
    def _as_it_was(rows: Iterator[tuple[int, Raw | BrokenRow]]) -> Iterator[tuple[int, Raw | BrokenRow]]:
        """The rows of a corrected errors sheet, without the apostrophes that it went out with."""
        for line, row in rows:
            values = row.values if isinstance(row, BrokenRow) else row
            values.update({name: bare(value) for name, value in values.items() if value[:1] == "'"})
            yield line, row

    def _csv_rows(self) -> Iterator[tuple[int, Raw | BrokenRow]]:
        width = len(self.headers)
        fields = self.layout.fields
        pick = itemgetter(*self.layout.positions)
        strip = str.strip
        last = self.limits.rows + 1
        cells = _csv_cells(self.path, self.encoding or "utf-8")
        next(cells)
        for line, row in enumerate(cells, 2):
            if line > last:
                raise UnusableFile(f"文件超过 {self.limits.rows} 行，请分成几份报送。")
            if len(row) != width:
                yield from self._ragged(line, row)
                continue
            values = list(map(strip, pick(row)))
            if any(values) or any(map(strip, row)):
                yield line, dict(zip(fields, values, strict=True))

    def _ragged(self, line: int, row: list[str]) -> Iterator[tuple[int, Raw | BrokenRow]]:
        """A row with another number of cells than the header; empty ones at its end do no harm."""
        width = len(self.headers)
        if not any(map(str.strip, row)):
            return
        padded = row[:width] + [""] * (width - len(row))
        values = {
            name: padded[place].strip()
            for name, place in zip(self.layout.fields, self.layout.positions, strict=True)
        }
        if len(row) > width and not any(map(str.strip, row[width:])):
            yield line, values
            return
        reason = f"这一行有 {len(row)} 格，列名有 {width} 格，无法对应，请检查逗号和引号"
        yield line, BrokenRow(values, [RowError(line, WHOLE_ROW, reason)])

    def _sheet_rows(self, sheet: CalamineSheet) -> Iterator[tuple[int, Raw | BrokenRow]]:
        columns = tuple(zip(self.layout.columns, self.layout.positions, strict=True))
        for line, row in enumerate(rows_of(sheet), 1):
            if line == 1:
                continue
            values = {column.field: text_of(row[place]) for column, place in columns}
            if not any(values.values()) and not any(map(text_of, row)):
                continue
            errors = [
                RowError(line, column.header, _lost_digits_reason(column.header, is_key=column.is_key))
                for column, place in columns
                if has_lost_digits(row[place], is_key=column.is_key)
            ]
            yield line, BrokenRow(values, errors) if errors else values


def _lost_digits_reason(header: str, *, is_key: bool) -> str:
    return (
        "请把证件号码列设为文本后重新填写"
        if is_key
        else f"数字太长已丢失末尾几位，请把{header}列设为文本后重新填写"
    )


def open_feed(path: Path, kind: FeedKind | str, *, limits: Limits | None = None) -> FeedFile:
    """Check a file as a whole and find its columns. Raises UnusableFile, with the reason in Chinese."""
    limits = limits or Limits()
    kind = FeedKind(kind)
    try:
        if not path.is_file():
            raise UnusableFile("文件不存在，或不是一个文件。")
        size = path.stat().st_size
        if size == 0:
            raise UnusableFile("文件是空的。")
        if size > limits.file_bytes:
            raise UnusableFile(f"文件超过 {limits.file_bytes >> 20} MB，请分成几份报送。")
        with path.open("rb") as file:
            start = file.read(8)
        if start.startswith(XLSX_START) or start == XLS_START:
            return _open_workbook(path, kind, size, limits)
        return _open_csv(path, kind, size, limits)
    except OSError:
        raise UnusableFile("文件读不出来，请检查文件和权限。") from None


def _open_workbook(path: Path, kind: FeedKind, size: int, limits: Limits) -> FeedFile:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    sheet = open_sheet(path, limits)
    headers = [text_of(cell) for cell in next(rows_of(sheet), [])]
    layout = _layout(kind, headers, limits)
    return FeedFile(path, kind, sha256, size, None, tuple(headers), layout, limits, sheet)


def _open_csv(path: Path, kind: FeedKind, size: int, limits: Limits) -> FeedFile:
    sha256, encoding = _hash_and_encoding(path, limits)
    headers = next(_csv_cells(path, encoding), [])
    layout = _layout(kind, headers, limits)
    return FeedFile(path, kind, sha256, size, encoding, tuple(headers), layout, limits)


def _layout(kind: FeedKind, headers: Sequence[str], limits: Limits) -> Layout:
    if len(headers) > limits.columns:
        raise UnusableFile(f"列太多：有 {len(headers)} 列，最多 {limits.columns} 列。")
    try:
        return lay_out(kind, headers)
    except UnusableHeader as fault:
        raise UnusableFile(str(fault)) from None


def _csv_cells(path: Path, encoding: str) -> Iterator[list[str]]:
    """The cells of every row, blank lines as []."""
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            yield from reader
        except csv.Error:
            raise UnusableFile(
                f"第 {reader.line_num} 行附近的引号不配对或内容过长，无法分列，请检查后重新报送。"
            ) from None
        except UnicodeError:
            raise UnusableFile("文件在读取时被改动，请重新报送。") from None


def _hash_and_encoding(path: Path, limits: Limits) -> tuple[str, str]:
    """SHA-256 of the content and the one encoding that decodes all of it: by BOM, else UTF-8, else GB18030."""
    with path.open("rb") as file:
        start = file.read(4)
    by_mark = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if start.startswith(mark)), None)
    for encoding in [by_mark] if by_mark else ["utf-8", "gb18030"]:
        try:
            return _decode_all(path, encoding, limits), encoding
        except UnicodeError:
            continue
    raise UnusableFile("文件编码无法识别。请在表格软件里另存为“CSV UTF-8（逗号分隔）”后重新报送。")


def _decode_all(path: Path, encoding: str, limits: Limits) -> str:
    """The hash, after every byte was decoded. Raises UnicodeError, or UnusableFile for a text that lost something."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    tail = ""
    lines = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            lines += piece.count(b"\n")
            text = decoder.decode(piece)
            _refuse_lost_text(tail + text)
            tail = text[-2:]
            if lines > limits.rows + 1:
                raise UnusableFile(f"文件超过 {limits.rows} 行，请分成几份报送。")
    decoder.decode(b"", final=True)
    return digest.hexdigest()


def _refuse_lost_text(text: str) -> None:
    if any(loss in text for loss in _LOSSES):
        raise UnusableFile("文件里有转换编码时丢失的字（锟斤拷或替代符号），请从原系统重新导出后报送。")
    if "\x00" in text:
        raise UnusableFile(NULL_CHARACTER)


def unknown_columns_note(feed: FeedFile) -> str:
    """A sentence that names the columns nobody reads, or ""."""
    if not feed.unknown_columns:
        return ""
    shown = "、".join(feed.unknown_columns[:_SHOWN_COLUMNS])
    more = f"等 {len(feed.unknown_columns)} 列" if len(feed.unknown_columns) > _SHOWN_COLUMNS else ""
    return f"以下列不在模板中，已忽略：{shown}{more}。"
