"""Department files: which are read, which are refused, what each row says, and how errors go back."""

import csv
import hashlib
import tracemalloc
import zipfile
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.feeds.columns import COLUMNS, FeedKind
from registry.feeds.reading import Limits, UnusableFile, open_feed, unknown_columns_note
from registry.feeds.rows import (
    BrokenRow,
    ResidenceRow,
    RowError,
    check_residence,
)
from registry.id_numbers import check_character

AS_OF = date(2026, 11, 24)
BOY = "34020720170315001" + check_character("34020720170315001")
HEADER = "公民身份号码,人员编号,房屋编号,起始日期,迁往地"
ROW = f"{BOY},,3402070040060001,2026-11-20,"


def write(folder: Path, text: str, encoding: str = "utf-8", name: str = "feed.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def write_sheet(folder: Path, rows: list[list[Any]], name: str = "feed.xlsx") -> Path:
    path = folder / name
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet()
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        for place, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write(place, column, value, day if isinstance(value, date) else None)
    return path


def read(path: Path, kind: str = "residences") -> list[tuple[int, Any]]:
    return list(open_feed(path, kind).rows())


def refusal(path: Path, kind: str = "residences", limits: Limits | None = None) -> str:
    with pytest.raises(UnusableFile) as fault:
        list(open_feed(path, kind, limits=limits).rows())
    return str(fault.value)


class TestTheWholeFile:
    def test_a_csv_is_read_with_its_hash_and_the_row_numbers_of_a_spreadsheet(self, tmp_path: Path) -> None:
        path = write(tmp_path, f"{HEADER}\n{ROW}\n\n{ROW}\n")
        feed = open_feed(path, "residences")
        assert feed.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        rows = list(feed.rows())
        assert [line for line, _ in rows] == [2, 4]
        assert rows[0][1] == {
            "id_number": BOY,
            "person_number": "",
            "dwelling_code": "3402070040060001",
            "starts_on": "2026-11-20",
            "destination_code": "",
        }
        assert list(feed.rows()) == rows

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_the_usual_encodings_give_the_same_rows(self, tmp_path: Path, encoding: str) -> None:
        path = write(tmp_path, "公民身份号码,姓名\n,张小海㛃𠮷\n", encoding)
        assert read(path, "residents") == [(2, {"id_number": "", "name": "张小海㛃𠮷"})]

    def test_gb18030_with_a_byte_order_mark_is_read(self, tmp_path: Path) -> None:
        path = write(tmp_path, f"\ufeff{HEADER}\n{ROW}\n", "gb18030")
        assert len(read(path)) == 1

    def test_columns_may_stand_in_any_order_with_stars_and_spaces(self, tmp_path: Path) -> None:
        path = write(tmp_path, f"起始日期*, 房屋编号 ,人员编号,公民身份号码*\n20261120,A1,,{BOY}\n")
        assert read(path)[0][1] == {
            "starts_on": "20261120",
            "dwelling_code": "A1",
            "person_number": "",
            "id_number": BOY,
        }

    def test_old_mac_line_ends_are_read(self, tmp_path: Path) -> None:
        assert len(read(write(tmp_path, f"{HEADER}\r{ROW}\r{ROW}\r"))) == 2

    def test_a_quoted_line_break_is_one_row_of_the_spreadsheet(self, tmp_path: Path) -> None:
        path = write(tmp_path, f'{HEADER},备注\n{ROW},"两\n行"\n{ROW},x\n')
        assert [line for line, _ in read(path)] == [2, 3]

    def test_a_file_with_a_header_only_has_no_rows(self, tmp_path: Path) -> None:
        assert read(write(tmp_path, HEADER)) == []

    def test_bytes_that_are_neither_utf8_nor_gb18030_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "feed.csv"
        path.write_bytes(f"{HEADER}\n".encode() + b"\xff\xff\xff\n")
        assert "编码无法识别" in refusal(path)

    def test_a_broken_byte_after_a_utf8_mark_is_never_read_as_gb18030(self, tmp_path: Path) -> None:
        path = tmp_path / "feed.csv"
        path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\n".encode() + "张".encode("gb18030"))
        assert "编码无法识别" in refusal(path)

    @pytest.mark.parametrize("lost", ["锟斤拷", "\ufffd"])
    def test_text_that_lost_characters_refuses_the_file(self, tmp_path: Path, lost: str) -> None:
        for encoding in ("utf-8", "utf-8-sig", "gb18030"):
            path = write(tmp_path, f"公民身份号码,姓名\n{BOY},张{lost}海\n", encoding)
            assert "丢失的字" in refusal(path, "residents")

    def test_a_loss_across_two_pieces_of_the_reading_is_seen(self, tmp_path: Path) -> None:
        start = f"{HEADER},备注\n"
        filler = "x" * ((1 << 20) - len(start.encode()) - 3)
        assert "丢失的字" in refusal(write(tmp_path, f"{start}{filler}锟斤拷\n"))

    def test_a_null_character_refuses_the_file(self, tmp_path: Path) -> None:
        assert "NUL" in refusal(write(tmp_path, f"{HEADER}\n{ROW}\x00\n"))

    def test_an_open_quote_refuses_the_file_instead_of_swallowing_rows(self, tmp_path: Path) -> None:
        assert "引号不配对" in refusal(write(tmp_path, f'{HEADER}\n{ROW}\n"{ROW}\n{ROW}\n'))

    def test_an_empty_or_missing_file_and_a_folder_are_refused(self, tmp_path: Path) -> None:
        assert "空的" in refusal(write(tmp_path, ""))
        assert "不存在" in refusal(tmp_path / "nothing.csv")
        assert "不存在" in refusal(tmp_path)

    def test_a_kind_that_is_none_is_a_mistake_of_the_caller(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="tracks"):
            open_feed(write(tmp_path, HEADER), "tracks")

    def test_size_rows_and_columns_are_limited(self, tmp_path: Path) -> None:
        path = write(tmp_path, f"{HEADER}\n" + f"{ROW}\n" * 5)
        assert "超过" in refusal(path, limits=Limits(file_bytes=20))
        assert "超过 4 行" in refusal(path, limits=Limits(rows=4))
        assert "列太多" in refusal(path, limits=Limits(columns=4))
        assert len(list(open_feed(path, "residences", limits=Limits(rows=5, columns=5)).rows())) == 5

    def test_rows_that_end_without_a_line_feed_are_counted_too(self, tmp_path: Path) -> None:
        path = write(tmp_path, f"{HEADER}\r" + f"{ROW}\r" * 5)
        assert "超过 4 行" in refusal(path, limits=Limits(rows=4))

    def test_memory_does_not_grow_with_the_file(self, tmp_path: Path) -> None:
        path = write(tmp_path, f"{HEADER},备注\n" + f"{ROW},{'x' * 950}\n" * 20_000)
        tracemalloc.start()
        for _ in open_feed(path, "residences").rows():
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert path.stat().st_size > 19_000_000
        assert peak < 8_000_000


class TestTheFirstRow:
    def test_missing_columns_are_named(self, tmp_path: Path) -> None:
        words = refusal(write(tmp_path, "姓名,房屋编号\n张小海,A1\n"))
        assert "缺少列：公民身份号码（或人员编号）、起始日期" in words

    def test_one_of_the_two_person_keys_is_enough(self, tmp_path: Path) -> None:
        assert (
            read(write(tmp_path, "人员编号,房屋编号,起始日期\nP1,A1,20261120\n"))[0][1]["person_number"]
            == "P1"
        )

    def test_a_title_above_the_header_is_explained(self, tmp_path: Path) -> None:
        assert "第一行应为列名" in refusal(write(tmp_path, f"芜湖市居住变动表\n{HEADER}\n"))

    def test_a_column_that_occurs_twice_is_refused(self, tmp_path: Path) -> None:
        assert "列名重复：起始日期" in refusal(write(tmp_path, f"{HEADER},起始日期\n"))

    @pytest.mark.parametrize(
        "header",
        [
            *(
                "宗教信仰",
                "政治面貌",
                "民族",
                "民\u3000族",
                "*宗教信仰*",
                "人脸照片",
                "指纹",
                "dna编号",
                "风险等级",
                "信用评分",
            ),
            *(
                "行动轨迹",
                "是否违法犯罪",
                "违法犯罪情况",
                "违法犯罪人数",
                "犯罪记录封存",
                "行政处罚",
                "治安处罚记录",
                "刑期",
            ),
            *("不起诉决定", "专门教育", "有无前科", "罪名", "社区矫正", "是否吸毒"),
        ],
    )
    def test_a_forbidden_column_refuses_the_whole_file(self, tmp_path: Path, header: str) -> None:
        words = refusal(write(tmp_path, f"{HEADER},{header}\n{ROW},x\n"))
        assert "不得报送的列" in words
        assert header.strip() in words

    def test_a_forbidden_column_of_a_sheet_refuses_it_too(self, tmp_path: Path) -> None:
        path = write_sheet(tmp_path, [[*HEADER.split(","), "", "", "政治面貌"]])
        assert "政治面貌" in refusal(path)

    def test_no_column_of_a_template_is_forbidden_and_all_fields_differ(self, tmp_path: Path) -> None:
        for kind in FeedKind:
            headers = [column.header for column in COLUMNS[kind]]
            feed = open_feed(write(tmp_path, ",".join(headers)), kind)
            assert [column.header for column in feed.layout.columns] == headers
            assert len(set(feed.layout.fields)) == len(headers)

    def test_unknown_columns_are_named_and_ignored(self, tmp_path: Path) -> None:
        feed = open_feed(write(tmp_path, f"{HEADER},备注,,现住址\n{ROW},x,y,z\n"), "residences")
        assert feed.unknown_columns == ("备注", "现住址")
        assert unknown_columns_note(feed) == "以下列不在模板中，已忽略：备注、现住址。"
        assert "备注" not in dict(feed.rows())[2]

    def test_the_columns_of_an_errors_sheet_are_passed_over_in_silence(self, tmp_path: Path) -> None:
        feed = open_feed(write(tmp_path, f"行号,字段,原因,{HEADER}\n2,起始日期,x,{ROW}\n"), "residences")
        assert feed.unknown_columns == ()
        assert unknown_columns_note(feed) == ""


class TestRaggedAndBlankRows:
    def test_blank_rows_are_skipped(self, tmp_path: Path) -> None:
        path = write(tmp_path, f"{HEADER}\n,,,,\n   \n , ,\u3000,,\n{ROW}\n")
        assert [line for line, _ in read(path)] == [5]

    def test_a_row_with_too_few_or_too_many_cells_is_in_error(self, tmp_path: Path) -> None:
        path = write(tmp_path, f"{HEADER}\n{BOY},,A1\n{ROW},x\n{ROW}\n")
        (_, short), (_, long), (_, good) = read(path)
        assert isinstance(short, BrokenRow)
        assert short.errors == [RowError(2, "整行", "这一行有 3 格，列名有 5 格，无法对应，请检查逗号和引号")]
        assert short.values["dwelling_code"] == "A1"
        assert isinstance(long, BrokenRow)
        assert long.errors[0].line == 3
        assert isinstance(good, dict)

    def test_empty_cells_beyond_the_header_do_no_harm(self, tmp_path: Path) -> None:
        assert isinstance(read(write(tmp_path, f"{HEADER}\n{ROW},,\n"))[0][1], dict)

    def test_a_row_with_something_in_an_unknown_column_only_is_not_blank(self, tmp_path: Path) -> None:
        assert len(read(write(tmp_path, f"{HEADER},备注\n,,,,,合计\n"))) == 1


class TestSheets:
    def test_text_and_date_cells_are_read(self, tmp_path: Path) -> None:
        path = write_sheet(
            tmp_path,
            [
                HEADER.split(","),
                [BOY, "", "A1", date(2026, 11, 20), ""],
                [],
                [f" {BOY} ", "", "A1", "20261120", 340207],
                [BOY, "", "A1", 20261120, ""],
                [BOY, "", "A1", datetime(2026, 11, 20, 8, 30), ""],  # noqa: DTZ001  # a cell knows no zone
            ],
        )
        rows = dict(read(path))
        assert list(rows) == [2, 4, 5, 6]
        assert rows[2]["starts_on"] == "2026-11-20"
        assert rows[4]["id_number"] == BOY
        assert rows[4]["destination_code"] == "340207"
        assert rows[5]["starts_on"] == "20261120"
        for line, row in rows.items():
            assert isinstance(check_residence(line, row, as_of=AS_OF), ResidenceRow)

    def test_a_number_cell_in_a_key_column_has_lost_digits(self, tmp_path: Path) -> None:
        path = write_sheet(
            tmp_path,
            [HEADER.split(","), [340207201703150014, "", "A1", "20261120"], ["", 12, "A1", "20261120"]],
        )
        (_, number), (_, key) = read(path)
        assert number.errors == [RowError(2, "公民身份号码", "请把证件号码列设为文本后重新填写")]
        assert key.errors == [RowError(3, "人员编号", "请把证件号码列设为文本后重新填写")]

    def test_a_number_too_long_for_a_spreadsheet_is_noticed_in_any_column(self, tmp_path: Path) -> None:
        path = write_sheet(tmp_path, [HEADER.split(","), [BOY, "", 3402070040060001234, "20261120"]])
        assert "房屋编号列设为文本" in read(path)[0][1].errors[0].reason

    def test_only_the_first_sheet_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "two.xlsx"
        with xlsxwriter.Workbook(str(path)) as workbook:
            workbook.add_worksheet().write_row(0, 0, ["说明"])
            workbook.add_worksheet().write_row(0, 0, HEADER.split(","))
        assert "缺少列" in refusal(path)

    def test_a_sheet_is_known_by_its_content_not_by_its_name(self, tmp_path: Path) -> None:
        path = write_sheet(tmp_path, [HEADER.split(",")])
        assert open_feed(path.rename(tmp_path / "feed.csv"), "residences").encoding is None

    @pytest.mark.parametrize("content", [b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1broken"])
    def test_a_damaged_workbook_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "feed.xlsx"
        path.write_bytes(content)
        assert "打不开" in refusal(path)

    def test_a_workbook_cut_short_is_refused(self, tmp_path: Path) -> None:
        path = write_sheet(tmp_path, [HEADER.split(",")])
        path.write_bytes(path.read_bytes()[:-200])
        assert "打不开" in refusal(path)

    def test_another_kind_of_zip_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "feed.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("word/document.xml", "<x/>")
        assert "只接受" in refusal(path)

    def test_a_zip_bomb_is_refused_before_it_is_parsed(self, tmp_path: Path) -> None:
        path = write_sheet(tmp_path, [HEADER.split(",")])
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/media/big.bin", b"\x00" * 5_000_000)
        assert "解压后太大" in refusal(path, limits=Limits(unpacked_bytes=1_000_000))

    def test_a_member_that_declares_less_than_it_holds_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "feed.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", b"a" * 5_000_000)
        size = (5_000_000).to_bytes(4, "little")
        path.write_bytes(path.read_bytes().replace(size, (100).to_bytes(4, "little")))
        assert "打不开" in refusal(path)

    def test_two_cells_in_opposite_corners_are_refused_before_room_is_made(self, tmp_path: Path) -> None:
        path = tmp_path / "feed.xlsx"
        with xlsxwriter.Workbook(str(path)) as workbook:
            sheet = workbook.add_worksheet()
            sheet.write_row(0, 0, HEADER.split(","))
            sheet.write(1_048_575, 16_383, "x")
        assert "行列太多" in refusal(path)

    def test_far_away_cells_that_are_only_coloured_do_no_harm(self, tmp_path: Path) -> None:
        path = tmp_path / "feed.xlsx"
        with xlsxwriter.Workbook(str(path)) as workbook:
            sheet = workbook.add_worksheet()
            sheet.write_row(0, 0, HEADER.split(","))
            sheet.write_blank(1_048_575, 200, None, workbook.add_format({"bg_color": "red"}))
        assert read(path) == []

    def test_a_sheet_that_is_too_large_is_sent_as_csv_instead(self, tmp_path: Path) -> None:
        path = write_sheet(tmp_path, [HEADER.split(",")] * 10)
        assert "另存为 CSV" in refusal(path, limits=Limits(sheet_bytes=100))
        assert "另存为 CSV" in refusal(path, limits=Limits(cells=49))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_never_break(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(f"{HEADER}\n".encode() + content)
    with suppress(UnusableFile):
        for line, row in open_feed(path, "residences").rows():
            if isinstance(row, dict):
                check_residence(line, row, as_of=AS_OF)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.text(max_size=12), min_size=5, max_size=5), max_size=8))
def test_every_cell_of_a_well_made_csv_comes_back(tmp_path: Path, table: list[list[str]]) -> None:
    clean = [[cell.replace("\x00", "").replace("\ufffd", "") for cell in row] for row in table]
    clean = [[cell.encode("utf-8", "ignore").decode() for cell in row] for row in clean]
    path = tmp_path / "feed.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER.split(","), *clean])
    expected = [(line, [cell.strip() for cell in row]) for line, row in enumerate(clean, 2)]
    read_back = [(line, list(row.values())) for line, row in read(path)]
    assert read_back == [(line, row) for line, row in expected if any(row)]
