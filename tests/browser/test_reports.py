"""A report 问题上报 from a phone to the desk of the district: real Redis, worker, beat, server and two browsers."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from grids.models import Alert, User
from referrals.models import Report
from registry.models import Youth
from tests.cast import SignIn
from tests.factories import YINHU, make_youth
from tests.live import LiveWork, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GRID = f"{YINHU}001"
TEN_SECONDS = 10_000
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}

OpenAs = Callable[..., Page]


@pytest.fixture
def open_as(browser: Browser, live_server: Any) -> Iterator[OpenAs]:
    """A page as one person sees it, in a window of that person's own."""
    windows: list[BrowserContext] = []

    def open_page(client: Client, path: str, screen: dict[str, Any]) -> Page:
        window = browser.new_context(**screen)
        windows.append(window)
        session = client.cookies["wuhu_youth_session"].value
        cookie = {"name": "wuhu_youth_session", "value": session, "url": live_server.url}
        window.add_cookies([cookie])  # type: ignore[list-item]
        page = window.new_page()
        page.goto(live_server.url + path)
        page.evaluate("document.documentElement.dataset.opened = 'once'")
        return page

    yield open_page
    for window in windows:
        window.close()


@pytest.fixture
def xiaohai(wang_shanshan: User, jiujiang: User) -> Youth:
    return make_youth("张小海", grid=GRID, age=9)


def report_from(phone: Page) -> None:
    """Three taps and a sentence, from the person's page."""
    phone.get_by_role("link", name="上报问题").first.click()
    phone.get_by_label("失去父母").tap()
    phone.get_by_label("看到了什么").fill("父亲今天车祸去世，家里只有奶奶。")
    phone.get_by_label("紧急，今天就要有人管（各级马上收到）").tap()
    phone.get_by_role("button", name="上报", exact=True).tap()
    expect(phone.get_by_role("status").first).to_contain_text("已紧急上报")


def shown(desk: Page) -> Any:
    return desk.locator("[data-live-alerts] li").filter(has_text="紧急上报：张*海")


@pytest.mark.live
def test_an_urgent_report_from_the_phone_stands_on_the_districts_open_page_in_under_ten_seconds(
    live_work: LiveWork, open_as: OpenAs, sign_in: SignIn, wang_shanshan: User, jiujiang: User, xiaohai: Youth
) -> None:
    desk = open_as(sign_in(jiujiang), "/", DESK)
    expect(shown(desk)).to_have_count(0)
    phone = open_as(sign_in(wang_shanshan), f"/youths/{xiaohai.pk}/", PHONE)
    report_from(phone)
    sent = time.monotonic()
    expect(shown(desk)).to_have_count(1, timeout=TEN_SECONDS)
    assert time.monotonic() - sent < TEN_SECONDS / 1000
    assert desk.evaluate("document.documentElement.dataset.opened") == "once", "the page was loaded anew"
    shown(desk).get_by_role("link", name="处理：").click()
    expect(desk.get_by_text("父亲今天车祸去世")).to_have_count(2)  # found, and what a case would begin with


@pytest.mark.live
def test_with_redis_stopped_it_is_there_at_the_next_poll_and_nothing_is_lost_or_doubled_after(
    live_work: LiveWork, open_as: OpenAs, sign_in: SignIn, wang_shanshan: User, jiujiang: User, xiaohai: Youth
) -> None:
    desk = open_as(sign_in(jiujiang), "/", DESK)
    phone = open_as(sign_in(wang_shanshan), f"/youths/{xiaohai.pk}/", PHONE)
    live_work.stop_redis()
    report_from(phone)
    expect(shown(desk)).to_have_count(1, timeout=TEN_SECONDS)

    live_work.start_redis()
    wait_for(
        lambda: not Alert.objects.filter(delivered_at=None, done_at=None).exists(),
        75,
        what="the sweep told Redis",
    )
    desk.bring_to_front()
    expect(shown(desk)).to_have_count(1)
    assert Report.objects.everyone(because="test").count() == 1
    assert Alert.objects.of(jiujiang).filter(kind="report_urgent").count() == 1


def test_a_child_in_danger_asks_on_the_phone_which_authority_was_told_until_it_is_answered(
    open_as: OpenAs, sign_in: SignIn, wang_shanshan: User, xiaohai: Youth
) -> None:
    phone = open_as(sign_in(wang_shanshan), f"/reports/new/?youth={xiaohai.pk}", PHONE)
    phone.get_by_label("没人照看").tap()
    phone.get_by_label("看到了什么").fill("一个人在家三天，身上有伤。")
    phone.get_by_label("孩子受到伤害，或正面临危险？").select_option(label="多处受伤、严重营养不良、意识不清")
    phone.get_by_role("button", name="上报", exact=True).tap()
    told = phone.locator("#told")
    expect(phone.locator(".notice.error")).to_contain_text("不等于依法报告")
    told.get_by_role("button", name="登记报告").tap()
    expect(phone.locator("#told .error").first).to_be_visible()
    told.get_by_label("公安（110）").tap()
    told.get_by_label("回执或接警编号").fill("鸠公接字118号")
    told.get_by_role("button", name="登记报告").tap()
    expect(phone.locator("#told")).to_have_count(0)
    expect(phone.get_by_text("回执：鸠公接字118号")).to_be_visible()
