"""Rows of department files: what a good one says, what is wrong with another, and the codes they use."""

from datetime import date

import pytest

from registry.codes import GuardianStatus, Relation, Sex, label_of, read_code, rural_hukou
from registry.feeds.rows import (
    InvalidDate,
    ResidenceRow,
    ResidentRow,
    RowError,
    check_residence,
    check_resident,
    parse_date,
)
from registry.id_numbers import check_character

AS_OF = date(2026, 11, 24)
BOY = "34020720170315001" + check_character("34020720170315001")


def residence(**values: str) -> ResidenceRow | list[RowError]:
    raw = {
        "id_number": BOY,
        "person_number": "",
        "dwelling_code": "A1",
        "starts_on": "20261120",
        "destination_code": "",
    }
    return check_residence(7, raw | values, as_of=AS_OF)


def resident(**values: str) -> ResidentRow | list[RowError]:
    raw = {"id_number": BOY, "name": "张小海"}
    return check_resident(7, raw | values, as_of=AS_OF)


def test_a_good_row_becomes_values() -> None:
    assert residence() == ResidenceRow(7, BOY, "", "A1", date(2026, 11, 20), "")


def test_an_empty_dwelling_means_that_the_person_left_the_city() -> None:
    assert residence(dwelling_code="", destination_code="310115") == ResidenceRow(
        7, BOY, "", "", date(2026, 11, 20), "310115"
    )
    assert isinstance(residence(dwelling_code=""), ResidenceRow)


def test_a_destination_beside_a_dwelling_means_nothing() -> None:
    assert residence(destination_code="310115") == residence()


def test_a_person_number_does_instead_of_an_id_number() -> None:
    row = residence(id_number="", person_number="P-0012")
    assert isinstance(row, ResidenceRow)
    assert (row.id_number, row.person_number) == ("", "P-0012")


@pytest.mark.parametrize(
    ("values", "column", "reason"),
    [
        ({"id_number": ""}, "公民身份号码", "至少填一项"),
        ({"id_number": BOY[:-1]}, "公民身份号码", "位数不对"),
        ({"id_number": "3.40207E+17"}, "公民身份号码", "设为文本"),
        ({"person_number": "编号 1"}, "人员编号", "只能用字母"),
        ({"id_number": "", "person_number": BOY}, "人员编号", "请改填到公民身份号码列"),
        ({"dwelling_code": "x" * 51}, "房屋编号", "最多 50"),
        ({"dwelling_code": "A\n1"}, "房屋编号", "换行"),
        ({"starts_on": ""}, "起始日期", "请填写起始日期"),
        ({"starts_on": "2026/11/20"}, "起始日期", "2026-11-24 或 20261124"),
        ({"starts_on": "2026-02-30"}, "起始日期", "日期不存在"),
        ({"starts_on": "2026-11-25"}, "起始日期", "晚于数据日期 2026-11-24"),
        ({"dwelling_code": "", "destination_code": "上海"}, "迁往地", "6 位"),
        ({"dwelling_code": "", "destination_code": "310115001"}, "迁往地", "6 位"),
    ],
)
def test_each_fault_of_a_residence_names_line_column_and_reason(
    values: dict[str, str], column: str, reason: str
) -> None:
    errors = residence(**values)
    assert isinstance(errors, list)
    assert [(error.line, error.column) for error in errors] == [(7, column)]
    assert reason in errors[0].reason


def test_all_faults_of_a_row_are_told_at_once() -> None:
    errors = residence(id_number="1", starts_on="x")
    assert isinstance(errors, list)
    assert [error.column for error in errors] == ["公民身份号码", "起始日期"]


def test_a_reason_holds_the_id_number_only_masked() -> None:
    wrong = BOY[:-1] + ("0" if BOY[-1] != "0" else "1")
    errors = residence(id_number=wrong)
    assert isinstance(errors, list)
    assert errors[0].reason.startswith(f"340207********{wrong[-4:]}：证件号码的校验位不对")
    assert wrong not in errors[0].reason


def test_a_child_born_after_the_day_of_the_file_cannot_be_in_it() -> None:
    head = "34020720261125001"
    errors = residence(id_number=head + check_character(head))
    assert isinstance(errors, list)
    assert "晚于数据日期" in errors[0].reason


def test_birth_date_and_sex_come_from_the_id_number() -> None:
    row = resident()
    assert row == ResidentRow(7, BOY, "", "张小海", "1", date(2017, 3, 15), "", "", "", "")


def test_everything_a_file_may_say_is_taken_in() -> None:
    row = resident(
        id_number="", person_number="P1", sex="女", birth_on="2017-03-15", hukou_code="340207004006",
        household_number="H1", relation="长女", phone="139 5531 2345",
    )  # fmt: skip
    assert row == ResidentRow(
        7, "", "P1", "张小海", "2", date(2017, 3, 15), "340207004006", "H1", "32", "139 5531 2345"
    )


def test_what_the_file_says_of_the_sex_prevails() -> None:
    row = resident(sex="2")
    assert isinstance(row, ResidentRow)
    assert row.sex == Sex.FEMALE
    row = resident(sex="未知")
    assert isinstance(row, ResidentRow)
    assert row.sex == Sex.MALE


@pytest.mark.parametrize(
    ("values", "column", "reason"),
    [
        ({"name": ""}, "姓名", "请填写姓名"),
        ({"name": "张?海"}, "姓名", "丢失的字"),
        ({"sex": "男女"}, "性别", "男、女"),
        ({"birth_on": "2017-03-16"}, "出生日期", "与证件号码不一致"),
        ({"birth_on": "2026-11-25"}, "出生日期", "晚于数据日期"),
        ({"id_number": "", "person_number": "P1"}, "出生日期", "必须填写出生日期"),
        ({"hukou_code": "34020"}, "户籍地", "12 位或 6 位"),
        ({"household_number": "x" * 19}, "户号", "最多 18"),
        ({"relation": "朋友的朋友"}, "与户主关系", "GB/T 4761"),
        ({"phone": "1" * 51}, "联系方式", "最多 50"),
    ],
)
def test_each_fault_of_a_resident_names_line_column_and_reason(
    values: dict[str, str], column: str, reason: str
) -> None:
    errors = resident(**values)
    assert isinstance(errors, list)
    assert [(error.line, error.column) for error in errors] == [(7, column)]
    assert reason in errors[0].reason


def test_a_faulty_id_number_is_one_error_not_two() -> None:
    errors = resident(id_number="1")
    assert isinstance(errors, list)
    assert len(errors) == 1


@pytest.mark.parametrize("text", ["2026-11-24", "20261124", " 2026-11-24 ", "２０２６１１２４"])
def test_a_date_is_written_in_one_of_two_ways(text: str) -> None:
    assert parse_date(text) == AS_OF


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-31",
        "2026-1-4",
        "2026-W47-2",
        "24.11.2026",
        "2026-11-24T00:00",
        "1899-12-31",
        "",
        "٢٠٢٦١١٢٤",
    ],
)
def test_anything_else_is_no_date(text: str) -> None:
    with pytest.raises(InvalidDate, match=r"日期|年份"):
        parse_date(text)


def test_a_relation_is_read_by_code_and_by_name() -> None:
    assert read_code(Relation, "41") is Relation.GRANDSON
    assert read_code(Relation, "孙子") is Relation.GRANDSON
    assert read_code(Relation, "爷爷") is Relation.GRANDFATHER
    assert read_code(Relation, "1") is Relation.SELF
    assert read_code(Relation, "同事") is None
    assert read_code(Relation, "") is None


def test_codes_of_older_data_are_read_as_todays() -> None:
    assert read_code(Relation, "98") is Relation.NOT_RELATED
    assert read_code(Relation, "保姆") is Relation.NOT_RELATED
    assert read_code(Relation, "03") is Relation.HEAD


def test_every_code_is_read_by_its_own_label() -> None:
    for codes in (Relation, Sex, GuardianStatus):
        assert all(read_code(codes, str(member.label)) is member for member in codes)


def test_a_stored_code_has_a_label() -> None:
    assert label_of(Relation, "61") == "祖父"
    assert label_of(Relation, "xx") == "xx"


@pytest.mark.parametrize(
    ("code", "is_rural"),
    [
        ("340207004006", False), ("340207103200", True), ("340207103399", True), ("340207103400", False),
        ("340207103501", True), ("340207103001", False), ("340207", None),
        ("340207000000", None), ("340207103000", None),
        ("", None), ("34020710320x", None),
    ],
)  # fmt: skip
def test_rural_is_what_the_hukou_code_says_or_unknown(code: str, is_rural: bool | None) -> None:
    assert rural_hukou(code) is is_rural
