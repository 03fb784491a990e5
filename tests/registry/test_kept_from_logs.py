"""What never stands in a log, an address or an error: numbers, names, search words."""

import logging
from datetime import date

import pytest
import structlog
from django.test import Client

from grids.models import User
from registry.id_numbers import InvalidIdNumber, parse
from registry.models import Search
from registry.names import search_terms
from tests.cast import SignIn
from tests.factories import YINHU, id_number, make_youth, number_of


def posted(browser: Client, **words: str) -> str:
    """The address that a search for these words leads to."""
    answer = browser.post("/youths/search/", words)
    return str(answer.headers.get("Location", answer.status_code))


def test_a_search_leaves_its_words_in_no_address_and_no_log(
    sign_in: SignIn, wang_shanshan: User, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001")
    number = number_of(youth)
    browser = sign_in(wang_shanshan)
    with structlog.testing.capture_logs() as lines, caplog.at_level(logging.INFO):
        for words in ({"q": "张小海"}, {"q": "zhangxiaohai"}, {"id_number": number}):
            address = posted(browser, **words)
            assert address.startswith("/youths/?"), address
            page = browser.get(address)
            assert page.status_code == 200
            for secret in words.values():
                assert secret not in address
    output = "\n".join([str(lines), caplog.text, *capsys.readouterr()])
    for secret in ("张小海", "zhangxiaohai", number, number[6:14]):
        assert secret not in output
    assert "'path': '/youths/'" in str(lines)
    assert "?s=" not in output


def test_a_search_is_kept_encrypted_and_is_its_owners(
    sign_in: SignIn, wang_shanshan: User, yang_ying: User
) -> None:
    make_youth("张小海", grid=f"{YINHU}001")
    address = posted(sign_in(wang_shanshan), q="张小海")
    search = Search.objects.get()
    assert (search.q, search.owner, str(search.pk) in address) == ("张小海", wang_shanshan, True)
    other = sign_in(yang_ying)
    foreign = other.get(address)
    missing = other.get(address.replace(str(search.pk), "00000000-0000-4000-8000-000000000000"))
    assert foreign.status_code == missing.status_code
    assert "张小海" not in foreign.content.decode()


def test_an_id_number_search_keeps_the_index_alone(sign_in: SignIn, wang_shanshan: User) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001")
    posted(sign_in(wang_shanshan), id_number=number_of(youth))
    search = Search.objects.get()
    assert search.id_number_index == youth.resident.id_number_index
    assert not search.q


def test_a_number_and_search_words_print_masked() -> None:
    number = parse(id_number(date(2014, 12, 3)))
    for shown in (repr(number), str(number), f"{number}"):
        assert number.number not in shown
        assert "********" in shown
    assert "张小海" not in repr(search_terms("张小海"))


def test_a_wrong_number_is_not_repeated_in_its_error() -> None:
    right = id_number(date(2014, 12, 3))
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    with pytest.raises(InvalidIdNumber) as error:
        parse(wrong)
    assert wrong not in str(error.value)
