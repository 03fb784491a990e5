"""Story 9 in a real browser: a notice comes, the cadre seals past a page that says what follows; two people reopen."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from grids.models import User
from registry.models import Youth
from tests.addresses import HERE
from tests.browser.test_candidates import Windows, windows  # noqa: F401 - a fixture
from tests.browser.test_pages import SCREENS, Walker
from tests.factories import make_fact, make_need, make_visit, make_youth

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def accused(wang_shanshan: User) -> Youth:
    youth = make_youth("张小海", grid=HERE, age=16, categories=["left_behind", "misconduct"])
    for number in range(3):
        make_visit(youth, by=wang_shanshan, found=f"第 {number} 次：母亲说他和同学一起拿了别人的电动车，" * 4)
    make_need(youth, "law")
    make_fact(youth.resident, "truant")
    return youth


def see(walker: Walker, name: str) -> None:
    """Sound as it stands; with SCREENSHOTS set, its picture is kept there."""
    walker.look()
    if folder := os.environ.get("SCREENSHOTS"):
        walker.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_notice_is_carried_out_and_two_people_reopen_it(
    windows: Windows,  # noqa: F811 - the fixture
    accused: Youth,
    jiujiang: User,
    city_cadre: User,
    screen: str,
) -> None:
    cadre, city = windows.open(jiujiang, screen), windows.open(city_cadre, screen)
    page = cadre.page
    page.goto(f"/youths/{accused.pk}/")
    page.get_by_role("button", name="办理封存").click()
    see(cadre, f"seal-choose-{screen}")
    page.get_by_role("button", name="下一步").click()
    expect(page.get_by_role("alert").first).to_contain_text("请写机关全称")
    see(cadre, f"seal-wrong-{screen}")
    page.get_by_label("哪个机关通知").select_option("court")
    page.get_by_label("封存的是哪种记录").select_option("crime")
    page.get_by_label("机关全称").fill("芜湖市鸠江区人民法院")
    page.get_by_label("封存通知书文号").fill("（2026）皖0207刑封12号")
    page.get_by_label("通知书日期").fill("2026-11-20")
    page.get_by_label("不良行为").check()
    page.get_by_label("第 1 次").check()
    page.get_by_role("button", name="下一步").click()
    expect(page.locator("main")).to_contain_text("您自己也查不到")
    see(cadre, f"seal-check-{screen}")
    page.get_by_role("button", name="封存", exact=True).click()
    expect(page.locator("main")).to_contain_text("这里不写是谁")
    see(cadre, f"seal-done-{screen}")
    address = page.url
    page.goto(f"/youths/{accused.pk}/")
    expect(page.locator("main")).not_to_contain_text("不良行为")
    page.goto(address)
    page.get_by_label("经再审改判超过五年").check()
    page.get_by_label("法律文书文号").fill("（2027）皖02刑再1号")
    page.get_by_role("button", name="申请启封").click()
    expect(page.locator("main")).to_contain_text("等另一位有封存权限的人核准")
    see(cadre, f"seal-asked-{screen}")
    city.page.goto("/seals/")
    see(city, f"seals-{screen}")
    city.page.get_by_role("link", name="（2026）皖0207刑封12号").click()
    see(city, f"seal-decide-{screen}")
    city.page.get_by_role("button", name="核准启封").click()
    expect(city.page.locator("main")).to_contain_text("不良行为")
    assert [*cadre.faults, *city.faults] == []
