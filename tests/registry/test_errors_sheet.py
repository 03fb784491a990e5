"""The errors sheet: what goes back to the department, and that it can be loaded again."""

import csv
import stat
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from registry.feeds.errors_sheet import write_errors_sheet
from registry.feeds.reading import FeedFile, open_feed
from registry.feeds.rows import BrokenRow, ResidenceRow, RowError, check_residence
from registry.id_numbers import check_character
from registry.marks import found_in, stamped

AS_OF = date(2026, 11, 24)
BOY = "34020720170315001" + check_character("34020720170315001")
HEADER = "公民身份号码,人员编号,房屋编号,起始日期,迁往地"
ROW = f"{BOY},,3402070040060001,2026-11-20,"


def write(folder: Path, text: str) -> Path:
    path = folder / "feed.csv"
    path.write_text(text, encoding="utf-8")
    return path


def errors_of(feed: FeedFile) -> dict[int, list[RowError]]:
    errors = {}
    for line, row in feed.rows():
        checked = row.errors if isinstance(row, BrokenRow) else check_residence(line, row, as_of=AS_OF)
        if isinstance(checked, list):
            errors[line] = checked
    return errors


def test_it_gives_back_the_rejected_rows_and_is_loaded_again_once_corrected(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER},备注\n{ROW},\n{BOY},,A1,2026-02-30,,x\n{BOY},,A1\n1,,=1+1,20261120,,\n")
    feed = open_feed(path, "residences")
    sheet = write_errors_sheet(feed, errors_of(feed), tmp_path / "errors" / "batch.xlsx")
    assert sheet is not None
    again = open_feed(sheet, "residences")
    assert again.headers == ("行号", "字段", "原因", *HEADER.split(","))
    assert again.unknown_columns == ()
    rows: dict[int, Any] = dict(again.rows())
    assert rows[2] == {
        "id_number": BOY, "person_number": "", "dwelling_code": "A1", "starts_on": "2026-02-30", "destination_code": "",
    }  # fmt: skip
    assert len(rows) == 3
    assert rows[4]["dwelling_code"] == "=1+1"
    corrected = rows[2] | {"starts_on": "2026-02-28"}
    assert isinstance(check_residence(2, corrected, as_of=AS_OF), ResidenceRow)


RISKY = ["=1+1", "+8613812345678", "-118.3", "@x", "'=2", "''-3"]


def test_no_cell_begins_like_a_formula_and_each_comes_back_as_it_was(tmp_path: Path) -> None:
    """From the workbook, from the copy that is marked for one person, and from a CSV saved from either."""
    rows = "".join(f'1,,"{text}",20261120,\n' for text in RISKY)
    feed = open_feed(write(tmp_path, f"{HEADER}\n{rows}"), "residences")
    sheet = write_errors_sheet(feed, errors_of(feed), tmp_path / "batch.xlsx")
    assert sheet is not None
    marked = tmp_path / "marked.xlsx"
    marked.write_bytes(stamped(sheet, b"12345678", word="原因").getvalue())
    table = [[str(cell) for cell in row] for row in _cells(marked)]
    assert not [cell for row in table for cell in row if cell[:1] in ("=", "+", "-", "@")]
    saved = tmp_path / "saved.csv"
    with saved.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(table)
    for path in (sheet, marked, saved):
        again = open_feed(path, "residences")
        assert again.unknown_columns == (), path
        assert [row["dwelling_code"] for _, row in again.rows()] == RISKY, path  # type: ignore[call-overload]
    assert found_in(marked) == [b"12345678"]
    assert found_in(saved) == [b"12345678"]
    assert found_in(sheet) == []


def test_an_apostrophe_of_a_departments_own_file_stays(tmp_path: Path) -> None:
    feed = open_feed(write(tmp_path, f"{HEADER}\n1,,'=1,20261120,\n"), "residences")
    assert [row["dwelling_code"] for _, row in feed.rows()] == ["'=1"]  # type: ignore[call-overload]


def test_it_says_line_column_and_reason(tmp_path: Path) -> None:
    feed = open_feed(write(tmp_path, f"{HEADER}\n{ROW}\n1,,A1,x,\n"), "residences")
    sheet = write_errors_sheet(feed, errors_of(feed), tmp_path / "batch.xlsx")
    assert sheet is not None
    cells = list(_cells(sheet))
    assert cells[1][:2] == ["3", "公民身份号码、起始日期"]
    assert "位数不对" in cells[1][2]
    assert "2026-11-24 或 20261124" in cells[1][2]


def test_formulas_stay_text(tmp_path: Path) -> None:
    feed = open_feed(write(tmp_path, f'{HEADER}\n1,,"=HYPERLINK(""http://x"")",20261120,\n'), "residences")
    sheet = write_errors_sheet(feed, errors_of(feed), tmp_path / "batch.xlsx")
    assert sheet is not None
    with zipfile.ZipFile(sheet) as archive:
        xml = b"".join(archive.read(name) for name in archive.namelist())
    assert b"<f>" not in xml
    assert b"<hyperlink" not in xml


def test_only_its_owner_can_read_it_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    feed = open_feed(write(tmp_path, f"{HEADER}\n1,,A1,20261120,\n"), "residences")
    folder = tmp_path / "var" / "errors"
    sheet = write_errors_sheet(feed, errors_of(feed), folder / "batch.xlsx")
    assert sheet is not None
    assert stat.S_IMODE(sheet.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [entry.name for entry in folder.iterdir()] == ["batch.xlsx"]


def test_no_errors_make_no_sheet(tmp_path: Path) -> None:
    feed = open_feed(write(tmp_path, HEADER), "residences")
    assert write_errors_sheet(feed, {}, tmp_path / "batch.xlsx") is None
    assert not (tmp_path / "batch.xlsx").exists()


def _cells(path: Path) -> Any:
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()
