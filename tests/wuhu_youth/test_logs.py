"""What the log may hold: no ID number, no phone number, no value of a row."""

import json
import logging
import logging.config

import pytest
from django.db import IntegrityError

from wuhu_youth import logs

ID_NUMBER = "340207201501011234"
PHONE = "13800138000"


@pytest.fixture
def formatter() -> logging.Formatter:
    settings = dict(logs.configuration(level="INFO")["formatters"]["json"])
    return settings.pop("()")(**settings)


def line(formatter: logging.Formatter, message: str, *arguments: object, **extra: object) -> str:
    record = logging.getLogger("test").makeRecord(
        "test", logging.INFO, "", 0, message, arguments, None, extra=extra
    )
    return formatter.format(record)


@pytest.mark.parametrize(
    "number", [ID_NUMBER, "34020720150101123X", "34020720150101123x", PHONE, f"+86 {PHONE}"]
)
@pytest.mark.parametrize("sentence", ["{}", "查询{}失败", "id={};", "'{}'"])
def test_numbers_of_people_are_not_logged(formatter, number, sentence):
    for text in (
        line(formatter, sentence.format(number)),
        line(formatter, "said %s", sentence.format(number)),
        line(formatter, "said", what=sentence.format(number)),
        line(formatter, "said", what={"in": [sentence.format(number)]}),
    ):
        assert number[-11:] not in text
        json.loads(text)


def test_a_number_given_as_a_number_is_not_logged(formatter):
    assert PHONE not in line(formatter, "dialled", phone=int(PHONE))


@pytest.mark.parametrize("kept", ["340207004006001", "6f1c3f0a-4b2e-4138-8001-138001380001", "1732440000000"])
def test_codes_of_places_and_rows_stay_readable(formatter, kept):
    assert kept in line(formatter, f"about {kept}")


def test_a_broken_constraint_is_logged_without_the_values_of_the_row(formatter):
    error = IntegrityError(
        'duplicate key value violates unique constraint "one_entry"\n'
        "DETAIL:  Key (name, id_index)=(张小海 (又名海海), \\x01) already exists.\n"
        "DETAIL:  Failing row contains (7, 张小海, null)."
    )
    record = logging.getLogger("test").makeRecord(
        "test", logging.ERROR, "", 0, "broke", (), (type(error), error, error.__traceback__)
    )
    text = formatter.format(record)
    assert "海" not in text
    assert "one_entry" in text


def test_a_refused_address_is_logged_without_its_query_and_without_a_traceback(formatter, client, db, caplog):
    client.get("/no-such-page/?q=张小海")
    (record,) = [record for record in caplog.records if record.name == "django.request"]
    text = formatter.format(record)
    assert json.loads(text)["status_code"] == 404
    assert "/no-such-page/" in text
    assert "张小海" not in text
    assert "%E5" not in text
    assert "Traceback" not in text
