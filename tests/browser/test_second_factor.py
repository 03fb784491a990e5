"""Signing in with a second factor in a real browser, at both widths: bound the first time, asked for the next."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from grids.models import SecondFactor, User
from grids.second_factor import code_at, current_step
from tests.browser.signing_in import give_password
from tests.browser.test_pages import SCREENS, Walker

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("screen", SCREENS)
def test_the_phone_is_bound_and_then_asked(
    screen: str, browser: Browser, live_server: Any, wanli: User, settings: Any
) -> None:
    settings.SECOND_FACTOR = "on"
    context = browser.new_context(**SCREENS[screen])
    page = context.new_page()
    walker = Walker("wanli", page, live_server.url)
    give_password(page, live_server.url, "wanli", "/account/")
    expect(page.get_by_role("heading", name="启用动态口令")).to_be_visible()
    expect(page.get_by_role("img", name="动态口令二维码")).to_be_visible()
    page.get_by_text("扫不了").click()
    walker.look()
    secret = page.locator("code").inner_text().replace(" ", "")
    page.get_by_role("textbox", name="动态口令").fill(code_at(secret, current_step(), "sha256"))
    page.get_by_role("button", name="启用并登录").click()
    expect(page.get_by_text("动态口令：已启用")).to_be_visible()
    walker.look()
    page.get_by_role("main").get_by_role("button", name="退出").click()
    SecondFactor.objects.update(last_step=0)
    give_password(page, live_server.url, "wanli", "/account/")
    expect(page.get_by_role("heading", name="动态口令")).to_be_visible()
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("请填写手机上的 6 位数字")).to_be_visible()
    walker.look()
    page.get_by_role("textbox", name="动态口令").fill(code_at(secret, current_step(), "sha256"))
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="陈亮")).to_be_visible()
    context.close()
    assert walker.faults == []
