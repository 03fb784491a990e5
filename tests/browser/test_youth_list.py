"""The search page in a real browser: conditions answer at once, the address follows, the keyboard is enough."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from grids.models import User
from tests.browser.signing_in import give_password
from tests.factories import HUAQIANG, YINHU, make_youth

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def register(page: Page, live_server: Any, jiujiang: User) -> Callable[[str], None]:
    """Three files, and the cadre of their district before the list."""
    make_youth("张小海", grid=f"{HUAQIANG}001", age=9, categories=["left_behind"])
    make_youth("朱立志", grid=f"{HUAQIANG}002", age=17, categories=["idle"])
    make_youth("欧阳娜娜", grid=f"{YINHU}001", age=14, categories=["left_behind"])

    def open_list(query: str = "") -> None:
        give_password(page, live_server.url, jiujiang.username, f"/youths/{query}")
        expect(page.get_by_role("heading", name="人员查询")).to_be_visible()

    return open_list


def test_a_condition_answers_at_once_and_back_takes_it_away(
    page: Page, register: Callable[..., None]
) -> None:
    register()
    page.get_by_label("类别").focus()
    page.get_by_label("类别").select_option("left_behind")
    expect(page.get_by_role("heading", name="共 2 人")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/youths/\?category=left_behind$"))
    expect(page.get_by_label("类别")).to_be_focused()
    page.get_by_label("地区").select_option(label="湾里街道")
    expect(page).to_have_url(re.compile(r"division=340207004&category=left_behind$"))
    expect(page.get_by_label("地区")).to_have_value("340207004")
    page.go_back()
    expect(page).to_have_url(re.compile(r"/youths/\?category=left_behind$"))
    expect(page.get_by_label("地区")).to_have_value("")


def test_a_name_is_asked_for_and_stands_in_no_address(page: Page, register: Callable[..., None]) -> None:
    register()
    page.keyboard.press("/")
    page.keyboard.type("zxh")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="共 1 人")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/youths/\?s=[0-9a-f-]{36}$"))
    expect(page.get_by_label("姓名")).to_have_value("zxh")
    page.get_by_role("link", name="查询词").click()
    expect(page.get_by_role("heading", name="共 3 人")).to_be_visible()


def test_a_wrong_number_stays_in_its_field_beside_what_is_wrong(
    page: Page, register: Callable[..., None]
) -> None:
    register()
    page.get_by_label("证件号码").fill("340207201001011230")
    page.keyboard.press("Enter")
    expect(page.get_by_text("校验位不对")).to_be_visible()
    expect(page.get_by_label("证件号码")).to_have_value("340207201001011230")
    expect(page).to_have_url(re.compile(r"/youths/$"))


def test_rows_are_walked_by_keyboard(page: Page, register: Callable[..., None]) -> None:
    register("?sort=name")
    for _ in range(2):
        page.keyboard.press("j")
    expect(page.get_by_role("link", name="张*海")).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="欧阳*")).to_be_focused()


def test_on_a_phone_three_fields_are_in_view_and_the_rest_unfolds(
    page: Page, register: Callable[..., None]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    register()
    expect(page.get_by_label("类别")).to_be_visible()
    expect(page.get_by_label("关注等级")).to_be_hidden()
    page.get_by_text("更多条件").click()
    expect(page.get_by_label("关注等级")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_scripts_the_form_finds_as_well(
    browser: Any, live_server: Any, register: Callable[..., None], jiujiang: User
) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    give_password(plain, live_server.url, jiujiang.username, "/youths/")
    plain.get_by_label("姓名").fill("欧阳")
    plain.get_by_label("类别").select_option("left_behind")
    plain.get_by_role("button", name="查询").click()
    expect(plain.get_by_role("heading", name="共 1 人")).to_be_visible()
    expect(plain).to_have_url(re.compile(r"\?category=left_behind&s=[0-9a-f-]{36}$"))
    context.close()
