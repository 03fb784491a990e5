"""公民身份号码: what is read, what is refused with which words, and what a mask shows."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.codes import Sex
from registry.id_numbers import InvalidIdNumber, check_character, mask, parse

TODAY = date(2026, 11, 24)


def number_of(head: str = "340207", birth_on: str = "20170315", sequence: str = "001") -> str:
    return head + birth_on + sequence + check_character(head + birth_on + sequence)


def test_the_example_of_the_standard_is_valid() -> None:
    assert check_character("11010519491231002") == "X"
    parsed = parse("11010519491231002X", today=TODAY)
    assert parsed.birth_on == date(1949, 12, 31)
    assert parsed.sex == Sex.FEMALE


def test_an_odd_sequence_is_a_boy_and_an_even_one_a_girl() -> None:
    assert parse(number_of(sequence="001"), today=TODAY).sex == Sex.MALE
    assert parse(number_of(sequence="002"), today=TODAY).sex == Sex.FEMALE


@pytest.mark.parametrize(
    "typed",
    [
        "11010519491231002x",
        " 11010519491231002X ",
        "11010519491231002X",
        "110105 19491231 002X",
        "\u300011010519491231002x\t",
    ],
)
def test_full_width_digits_spaces_and_a_small_x_are_put_right(typed: str) -> None:
    assert parse(typed, today=TODAY).number == "11010519491231002X"


def test_a_fifteen_digit_number_of_old_is_upgraded() -> None:
    parsed = parse("110105491231002", today=TODAY)
    assert parsed.number == "11010519491231002X"
    assert parsed.birth_on == date(1949, 12, 31)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "请填写"),
        ("3402072017031500", "位数不对，应为 18 位（旧证 15 位），现在是 16 位"),
        ("34020720170315001４5", "现在是 19 位"),
        ("3402O7201703150014", "非法字符"),
        ("X40207201703150014", "非法字符"),
        ("11010549123100X", "非法字符"),
        ("34020720170315００XX", "非法字符"),
        ("340207201702300014", "出生日期不存在"),
        ("340207201713010014", "出生日期不存在"),
        ("340207000003150014", "出生日期不存在"),
        ("110105490231002", "出生日期不存在"),
        (number_of(birth_on="18990315"), "早于 1900 年"),
        (number_of(birth_on="20261125"), "晚于今天"),
        ("340207201703150010", "校验位不对"),
        ("34020720170315001X", "校验位不对"),
        ("3.40207E+17", "设为文本"),
    ],
)
def test_each_fault_is_named(typed: str, words: str) -> None:
    with pytest.raises(InvalidIdNumber, match="证件号码") as refusal:
        parse(typed, today=TODAY)
    assert words in str(refusal.value)


def test_no_message_repeats_the_number() -> None:
    for typed in ("340207201703150010", "34020720170315001", "340207201702300014"):
        with pytest.raises(InvalidIdNumber) as refusal:
            parse(typed, today=TODAY)
        assert typed not in str(refusal.value)
        assert refusal.value.__cause__ is None


def test_a_child_born_today_has_a_valid_number() -> None:
    assert parse(number_of(birth_on="20261124"), today=TODAY).birth_on == TODAY


def test_superscripts_and_digits_of_other_scripts_are_no_digits() -> None:
    with pytest.raises(InvalidIdNumber, match="非法字符"):
        parse("34020720170315001٤", today=TODAY)


def test_a_printed_number_is_masked() -> None:
    parsed = parse(number_of(), today=TODAY)
    assert parsed.number not in repr(parsed)
    assert parsed.number not in f"{parsed}"


def test_a_mask_shows_the_first_six_and_the_last_four() -> None:
    assert mask("340207201703151234") == "340207********1234"
    assert mask("340207170315123") == "340207*****5123"


def test_a_mask_shows_less_of_something_short() -> None:
    assert mask("13955312345") == "13*******45"
    assert mask("1234567") == "*******"
    assert mask("") == ""


@settings(max_examples=50)
@given(
    st.integers(110000, 659004),
    st.dates(date(1900, 1, 1), TODAY),
    st.integers(0, 999),
    st.integers(0, 17),
    st.integers(1, 9),
)
def test_one_wrong_digit_is_always_noticed(
    head: int, born: date, sequence: int, place: int, shift: int
) -> None:
    number = number_of(str(head), born.strftime("%Y%m%d"), f"{sequence:03}")
    assert parse(number, today=TODAY).birth_on == born
    digits = "0123456789X" if place == 17 else "0123456789"
    wrong = digits[(digits.index(number[place]) + shift) % len(digits)]
    with pytest.raises(InvalidIdNumber):
        parse(number[:place] + wrong + number[place + 1 :], today=TODAY + timedelta(days=99_999))


@settings(max_examples=50)
@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    with suppress(InvalidIdNumber):
        assert len(parse(text, today=TODAY).number) == 18
