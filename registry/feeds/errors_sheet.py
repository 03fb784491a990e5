"""The errors sheet: the rejected rows as they came, with what is wrong, to be corrected and loaded again.

An XLSX whose cells are all text: a CSV corrected in a spreadsheet program would lose the last digits of
every ID number. What might be taken for a formula stands behind an apostrophe (registry/cells.py).
Only the columns that the kind knows go back out.
"""

import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import xlsxwriter

from ..cells import harmless
from .columns import ERROR_COLUMNS
from .reading import FeedFile
from .rows import BrokenRow, RowError

# A sheet has 1,048,576 rows, the first being the header. Who has more wrong rows has a wrong file.
MOST_ROWS = 1_048_575
_WIDTHS = {
    "行号": 8,
    "字段": 16,
    "原因": 60,
    "公民身份号码": 22,
    "监护人身份号码": 22,
    "房屋编号": 22,
    "房屋地址": 36,
}


def write_errors_sheet(
    feed: FeedFile, errors: Mapping[int, Sequence[RowError]], path: Path, *, withheld: Collection[int] = ()
) -> Path | None:
    """Write the rows of `feed` whose line has errors; None when there are none. Of `withheld` lines only the reason.

    The sheet holds whole ID numbers, for the department that sent them: the file is readable by its
    owner alone (0600), in a folder that is the owner's (0700). Reads the feed once more.
    """
    if not errors:
        return None
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")  # 0600 by itself
    try:
        with os.fdopen(descriptor, "w+b") as file:
            options = {
                "constant_memory": True,
                "tmpdir": str(path.parent),  # the parts hold the same data, and belong into the same folder
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            }
            with xlsxwriter.Workbook(file, options) as workbook:
                _fill(workbook, feed, errors, withheld)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    return path


def _fill(
    workbook: xlsxwriter.Workbook,
    feed: FeedFile,
    errors: Mapping[int, Sequence[RowError]],
    withheld: Collection[int],
) -> None:
    text = workbook.add_format({"num_format": "@"})
    bold = workbook.add_format({"num_format": "@", "bold": True, "bg_color": "#E8EEF5"})
    sheet = workbook.add_worksheet("差错")
    headers = [*ERROR_COLUMNS, *(column.header for column in feed.layout.columns)]
    for place, header in enumerate(headers):
        sheet.set_column(place, place, _WIDTHS.get(header, 14), text)
        sheet.write_string(0, place, header, bold)
    sheet.freeze_panes(1, len(ERROR_COLUMNS))
    last_line = max(errors)
    written = 0
    for line, row in feed.rows():
        if line in errors:
            written += 1
            values = row.values if isinstance(row, BrokenRow) else row
            cells = () if line in withheld else values.values()
            for place, value in enumerate([str(line), *_summary(errors[line]), *cells]):
                sheet.write_string(written, place, harmless(value), text)
        if line >= last_line or written == MOST_ROWS:
            break


def _summary(errors: Sequence[RowError]) -> tuple[str, str]:
    """The columns and the reasons of one row, each once."""
    columns = dict.fromkeys(error.column for error in errors)
    reasons = dict.fromkeys(error.reason for error in errors)
    return "、".join(columns), ";".join(reasons)
