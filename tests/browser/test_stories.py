"""What people do with the product, step by step in a real browser, each on the screen that is theirs."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from grids.models import User
from registry.models import Handover, Visit, Youth
from tests.browser.signing_in import answer_who, give_password
from tests.cast import SignIn
from tests.factories import HUAQIANG, PINGPU, YINHU, make_handover, make_visit, make_youth

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}

OpenAs = Callable[..., Page]


@pytest.fixture
def open_as(browser: Browser, live_server: Any, sign_in: SignIn) -> Iterator[OpenAs]:
    """`open_as(yang_ying, "/", **PHONE)`: a window of one's own for each person, already signed in."""
    contexts: list[BrowserContext] = []

    def open_page(user: User, path: str, **screen: Any) -> Page:
        context = browser.new_context(base_url=live_server.url, **screen)
        contexts.append(context)
        session = sign_in(user).cookies["wuhu_youth_session"].value
        context.add_cookies([{"name": "wuhu_youth_session", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def days_ago(days: int) -> Any:
    return timezone.localdate() - timedelta(days=days)


def visits_of(youth: Youth) -> int:
    return Visit.objects.everyone(because="test").filter(youth=youth).count()


def test_the_district_cadre_names_every_left_behind_child_of_a_street_whom_nobody_verified_for_90_days(
    page: Page, live_server: Any, jiujiang: User, wang_shanshan: User
) -> None:
    grid = f"{YINHU}001"
    make_youth("张小海", grid=grid, age=9, categories=["left_behind"], last_verified_on=days_ago(116),
               next_due_on=days_ago(26))  # fmt: skip
    make_youth("欧阳娜娜", grid=grid, age=14, categories=["left_behind"])  # never
    make_youth("李小山", grid=grid, age=12, categories=["left_behind"], last_verified_on=days_ago(30))
    make_youth("朱立志", grid=grid, age=20, categories=["idle"], last_verified_on=days_ago(200))
    make_youth("陈雨桐", grid=f"{PINGPU}001", age=8, categories=["left_behind"])  # another district

    give_password(page, live_server.url, jiujiang.username, "/youths/")
    page.get_by_label("地区").select_option(label="湾里街道")
    page.get_by_label("类别").select_option(label="留守")
    page.get_by_label("未核实满（天）").fill("90")
    page.get_by_role("button", name="查询").click()

    expect(page.get_by_role("heading", name="共 2 人")).to_be_visible()
    expect(page.locator("tbody tr td:first-child")).to_have_text(["张*海", "欧阳*"])
    row = page.locator("tbody tr", has_text="张*海")
    for words in (wang_shanshan.name, str(days_ago(116)), "已逾期 26 天"):
        expect(row).to_contain_text(words)
    page.get_by_role("link", name="欧阳*").click()
    expect(page.get_by_role("heading", name="欧阳娜娜")).to_be_visible()
    expect(page.locator("#who")).to_contain_text(wang_shanshan.name)


def test_with_one_thumb_the_worker_accepts_from_today_and_files_the_visit(
    open_as: OpenAs, yang_ying: User, wang_shanshan: User
) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001", age=9, categories=["left_behind"])
    make_visit(youth, by=wang_shanshan, found="奶奶照看。")
    make_handover(youth, f"{HUAQIANG}001")
    page = open_as(yang_ying, "/", **PHONE)

    page.get_by_role("link", name="接收：张*海").tap()
    expect(page.get_by_text("奶奶照看。")).to_have_count(0)
    page.get_by_role("button", name="接收").tap()
    expect(page.locator(".notice.success")).to_contain_text("已接收")
    page.goto("/")
    page.get_by_role("link", name="走访：张*海").tap()
    page.get_by_label("本人", exact=True).tap()
    page.get_by_label("看到、问到了什么").fill("已搬来，随父母居住，学校已联系。")
    page.get_by_role("button", name="保存走访").tap()

    expect(page.locator(".notice.success")).to_contain_text("已记录")
    expect(page.locator("#visits")).to_contain_text("已搬来，随父母居住，学校已联系。")
    expect(page.locator("#visits")).to_contain_text("奶奶照看。")
    youth.refresh_from_db()
    assert youth.grid_id == f"{HUAQIANG}001"
    assert Handover.objects.everyone(because="test").get().state == Handover.State.ACCEPTED


def test_a_double_click_makes_one_visit(open_as: OpenAs, wang_shanshan: User) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001", age=9)
    page = open_as(wang_shanshan, f"/visits/new/?youth={youth.pk}")
    page.get_by_label("监护人", exact=True).check()
    page.get_by_label("看到、问到了什么").fill("一切都好。")
    page.get_by_role("button", name="保存走访").dblclick()
    expect(page.get_by_role("heading", name="走访（1 次）")).to_be_visible()
    assert visits_of(youth) == 1


def test_of_two_who_correct_at_once_the_second_sees_both_versions_and_keeps_what_was_typed(
    open_as: OpenAs, wang_shanshan: User, deputy: User
) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001", age=9)
    first = open_as(wang_shanshan, f"/youths/{youth.pk}/correct/")
    second = open_as(deputy, f"/youths/{youth.pk}/correct/")
    for page, name in ((first, "张晓海"), (second, "张小涛")):
        page.get_by_label("姓名").fill(name)
        page.get_by_label("怎么知道的").fill("看了户口簿")
        page.get_by_role("button", name="保存更正").click()

    expect(first.locator(".notice.success")).to_contain_text("已更正")
    differing = second.locator("table.versions tr.differs")
    expect(differing).to_contain_text("张小涛")
    expect(differing).to_contain_text("张晓海")
    expect(second.get_by_role("alert")).to_contain_text(wang_shanshan.name)
    expect(second.get_by_label("姓名")).to_have_value("张小涛")
    second.get_by_role("button", name="保存更正").click()
    expect(second.get_by_role("heading", name="张小涛")).to_be_visible()


def test_who_signs_in_again_after_the_session_ended_is_back_on_the_page(
    open_as: OpenAs, wang_shanshan: User
) -> None:
    youth = make_youth("张小海", grid=f"{YINHU}001", age=9)
    page = open_as(wang_shanshan, f"/youths/{youth.pk}/")
    expect(page.get_by_role("heading", name="张小海")).to_be_visible()
    Session.objects.all().delete()

    page.reload()
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    answer_who(page, wang_shanshan.username)
    expect(page).to_have_url(re.compile(f"/youths/{youth.pk}/$"))
    expect(page.get_by_role("heading", name="张小海")).to_be_visible()
