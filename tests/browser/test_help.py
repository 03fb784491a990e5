"""Story 1: 小海 is helped by several at once, each on the screen that is theirs, each seeing only what is theirs."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from grids.models import User
from referrals.models import Case
from tests.browser.test_stories import PHONE, open_as  # noqa: F401 - a fixture
from tests.factories import YINHU, make_consent, make_visit, make_youth
from tests.referrals.people import make_agency, make_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenAs = Callable[..., Page]


def refer(page: Page, help_kind: str, agency: str, asked: str) -> None:
    """From the case's page: choose the help, the agency, say what is asked, send."""
    page.get_by_role("link", name="转介", exact=True).last.click()
    page.get_by_role("link", name=f"选择：{help_kind}").click()
    page.get_by_label("请哪个单位").select_option(label=agency)
    page.get_by_label("请办什么").fill(asked)
    page.get_by_role("button", name="发出转介").click()
    expect(page.locator(".notice.success")).to_contain_text("已发出转介")


def report_back(page: Page, result: str) -> None:
    """From the agency's own day: accept and report back."""
    page.get_by_role("button", name="接收", exact=True).click()
    page.get_by_label("已解决", exact=True).check()
    page.get_by_label("办了什么、结果怎样").fill(result)
    page.get_by_role("button", name="反馈并办结").click()
    expect(page.locator(".notice.success")).to_contain_text("已反馈结果")


def test_xiaohai_is_helped_by_a_lawyer_a_school_and_civil_affairs_who_see_their_part_alone(
    open_as: OpenAs,  # noqa: F811
    wang_shanshan: User,
    jiujiang: User,
) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001", age=9)
    make_consent(youth)
    make_visit(youth, by=wang_shanshan, found="父亲车祸去世，孩子跟奶奶住，没有人办赔偿。")
    aid = make_agency()
    school = make_agency("师范附小", kind="school", helps=["counselling"])
    affairs = make_agency("鸠江区民政局", kind="civil_affairs", helps=["orphan"], area_id="340207")
    lawyer = make_member(aid, "lawyer", "李志远")
    teacher = make_member(school, "teacher", "陈老师")
    officer = make_member(affairs, "officer", "赵科长")

    cadre = open_as(jiujiang, f"/youths/{youth.pk}/")
    cadre.get_by_role("link", name="立案", exact=True).click()
    cadre.get_by_label("题目").fill("车祸赔偿和今后的生活")
    cadre.get_by_label("发现了什么").fill("父亲车祸去世，母亲早亡，跟奶奶住。赔偿没人办，孩子晚上睡不着。")
    for need in ("法律援助", "心理疏导", "生活救助"):
        cadre.get_by_label(need, exact=True).check()
    cadre.get_by_role("button", name="立案", exact=True).click()
    expect(cadre.locator(".notice.success")).to_contain_text("已立案")
    refer(cadre, "法律援助", "芜湖市法律援助中心", "请办理交通事故赔偿")
    refer(cadre, "心理疏导", "师范附小", "请每周陪他谈一次")
    refer(cadre, "孤儿、事实无人抚养儿童保障", "鸠江区民政局", "请办理孤儿基本生活费")

    work: tuple[tuple[User, str, str, dict[str, Any]], ...] = (
        (lawyer, "法律援助：张小海", "赔偿 28 万元已判，款已到账。", {}),
        (teacher, "心理疏导：张小海", "谈了八次，能睡好了，功课跟上了。", PHONE),
        (officer, "孤儿、事实无人抚养儿童保障：张小海", "每月 1,600 元，从本月起发。", {}),
    )
    windows = [open_as(person, "/", **screen) for person, _, _, screen in work]
    for page, (_, title, result, _) in zip(windows, work, strict=True):
        expect(page.locator("ul.items > li")).to_have_count(1)
        page.get_by_role("link", name=title, exact=True).click()
        for word in ("车祸赔偿和今后的生活", "晚上睡不着"):
            expect(page.get_by_text(word)).to_have_count(0)
        report_back(page, result)
    for page, others in zip(
        windows, (("师范附小", "民政局"), ("法律援助中心", "民政局"), ("师范附小",)), strict=True
    ):
        for word in others:
            expect(page.locator("main").get_by_text(word)).to_have_count(0)

    cadre.get_by_role("link", name="结案", exact=True).click()
    for need, word in (("法律援助", "赔偿到账"), ("心理疏导", "睡得好了"), ("生活救助", "每月有生活费")):
        cadre.get_by_role("group", name=f"{need}：结果").get_by_label("已解决").check()
        cadre.get_by_label(f"{need}：情况").fill(word)
    cadre.get_by_label("总的结果").fill("赔偿到位，有生活费，在校读书，奶奶照料。")
    cadre.get_by_role("group", name="征求了谁的意见").get_by_label("本人和监护人").check()
    cadre.get_by_label("他们怎么说").fill("奶奶说：孩子有人管了。")
    cadre.get_by_role("button", name="结案", exact=True).click()
    expect(cadre.locator(".notice.success").first).to_contain_text("已结案")

    told = cadre.locator("#timeline").inner_text()
    story = (
        "没有人办赔偿", "立案", "请芜湖市法律援助中心办理法律援助", "请师范附小办理心理疏导", "请鸠江区民政局办理",
        "芜湖市法律援助中心反馈法律援助", "赔偿 28 万元", "师范附小反馈心理疏导", "鸠江区民政局反馈", "孩子有人管了",
    )  # fmt: skip
    places = [told.index(words) for words in story]
    assert places == sorted(places), told
    assert Case.objects.visible_to(jiujiang).get().state == Case.State.CLOSED
    # The worker reads what became of what was found.
    worker = open_as(wang_shanshan, f"/youths/{youth.pk}/", **PHONE)
    worker.get_by_role("link", name="车祸赔偿和今后的生活").tap()
    expect(worker.locator("#timeline")).to_contain_text("赔偿 28 万元")
    expect(worker.get_by_role("link", name="结案")).to_have_count(0)
