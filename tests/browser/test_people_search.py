"""The people-and-housing search in a real browser: from an estate to a door, a person and a new file."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from grids.models import User
from tests.browser.signing_in import give_password
from tests.factories import YINHU, make_dwelling, make_household, make_resident

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GRID = f"{YINHU}001"


@pytest.fixture
def people(page: Page, live_server: Any, wang_shanshan: User) -> Callable[[str], None]:
    """A family with a boy of nine in 翠竹园, an old couple in 桂花苑, and the worker of their grid."""
    for estate, names in {
        "翠竹园": [("陈大山", 40), ("李梅花", 38), ("陈小海", 9)],
        "桂花苑": [("王建国", 70), ("刘秀英", 68)],
    }.items():
        door, household = make_dwelling(GRID, estate=estate, room="501室"), make_household()
        for name, age in names:
            make_resident(name, age=age, dwelling=door, household=household)

    def open_list(address: str) -> None:
        give_password(page, live_server.url, wang_shanshan.username, address)
        expect(page.get_by_role("heading", name="人房查询")).to_be_visible()

    return open_list


def test_an_estate_is_asked_for_by_keyboard_and_stands_in_no_address(
    page: Page, people: Callable[[str], None]
) -> None:
    people("/households/")
    expect(page.get_by_role("heading", name="共 2 户")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("翠竹")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="共 1 户")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/households/\?s=[0-9a-f-]{36}$"))
    page.get_by_role("link", name="按人").click()
    expect(page.get_by_role("heading", name="共 3 人")).to_be_visible()
    expect(page.get_by_label("小区（村组）")).to_have_value("翠竹")


def test_an_often_used_condition_answers_at_once(page: Page, people: Callable[[str], None]) -> None:
    people("/households/")
    page.get_by_role("link", name="学龄儿童").click()
    expect(page.get_by_role("heading", name="共 1 户")).to_be_visible()
    expect(page.get_by_role("link", name="陈*海")).to_be_visible()
    page.get_by_label("家庭构成").select_option(label="一个人住")
    expect(page.get_by_role("heading", name="没有符合条件的户")).to_be_visible()


def test_from_a_door_to_a_person_to_a_new_file(page: Page, people: Callable[[str], None]) -> None:
    people("/households/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="翠竹园")).to_be_visible()
    page.get_by_role("link", name="陈*海").click()
    expect(page.get_by_role("heading", name="陈小海")).to_be_visible()
    page.get_by_role("button", name="建档").click()
    expect(page.get_by_role("heading", name="新建档案")).to_be_visible()
    page.get_by_label("建档原因").fill("孤儿")
    page.get_by_role("button", name="建档").click()
    expect(page.get_by_text("已建档")).to_be_visible()


def test_a_phone_shows_households_as_cards(page: Page, people: Callable[[str], None]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    people("/households/?age_min=6&age_max=15")
    expect(page.get_by_label("证件号码")).to_be_hidden()
    expect(page.get_by_role("link", name="翠竹园 3栋2单元501室")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
