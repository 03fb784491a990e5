"""Story 3, small: the children whom nobody is paired with are found, paired, and called, until none is left."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from grids.models import User
from referrals.models import Pairing
from tests.browser.test_stories import PHONE, open_as  # noqa: F401 - a fixture
from tests.factories import YINHU, make_consent, make_youth

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenAs = Callable[..., Page]
NAMES = ("张小海", "李小山", "陈小雨")


def figures(page: Page, category: str) -> Any:
    return page.locator("table.board").first.locator("tr", has_text=category)


def test_the_district_goes_from_none_of_three_paired_to_all_and_the_worker_logs_the_call(
    open_as: OpenAs,  # noqa: F811
    wang_shanshan: User,
    jiujiang: User,
) -> None:
    for name in NAMES:
        youth = make_youth(name, grid=f"{YINHU}001", age=9, categories=["custody_child"])
        make_consent(youth, "pairing")
    cadre = open_as(jiujiang, "/pairings/coverage/")
    expect(figures(cadre, "服刑子女").get_by_role("link")).to_have_text(["0", "3", "3"])
    # The figure opens into those without.
    figures(cadre, "服刑子女").get_by_role("link", name="3").last.click()
    without = cadre.url
    for left in (3, 2, 1):
        expect(cadre.locator("#results tbody tr")).to_have_count(left)
        cadre.locator("#results").get_by_role("link", name="结对", exact=True).first.click()
        cadre.get_by_label("个人").check()
        cadre.get_by_label("结对人姓名").fill("李明")
        cadre.get_by_label("结对人电话").fill("13955300001")
        cadre.get_by_label("帮扶计划").fill("每月通一次电话，开学前看望一次。")
        cadre.get_by_role("button", name="结对", exact=True).click()
        expect(cadre.locator(".notice.success").first).to_contain_text("已结对")
        cadre.goto(without)
    expect(figures(cadre, "服刑子女").get_by_role("link")).to_have_text(["3", "3", "0"])
    expect(cadre.get_by_text("都有结对了")).to_be_visible()

    # The worker, who is not told why, sees the three and logs a call.
    worker = open_as(wang_shanshan, "/pairings/?state=running", **PHONE)
    expect(worker.locator("#results tbody tr")).to_have_count(3)
    worker.locator("#results tbody a").first.click()
    worker.get_by_label("情况怎么样").fill("聊了学校的事，心情不错。")
    worker.get_by_role("button", name="登记联系").click()
    expect(worker.locator("#timeline")).to_contain_text("心情不错")
    expect(worker.get_by_text("服刑")).to_have_count(0)
    worker.goto("/pairings/coverage/")
    expect(worker.locator("table.board").first).not_to_contain_text("服刑子女")
    assert Pairing.objects.visible_to(jiujiang).running().count() == 3
