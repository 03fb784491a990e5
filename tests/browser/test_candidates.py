"""Story 3 in a real browser: the worker is asked quietly, on a phone; the cadre, who knows why, decides at the desk."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from grids.models import User
from registry.models import Candidate, Youth
from tests.browser.test_pages import SCREENS, Walker
from tests.cast import SignIn
from tests.factories import PINGPU, make_candidate, make_dwelling, make_resident

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GRID = f"{PINGPU}001"


@pytest.fixture
def private(fanchang: User, fanchang_worker: User) -> Candidate:
    return make_candidate(topic="custody_child", grid=GRID)


class Windows:
    """A window of one's own for each person, watched for what the browser and axe object to."""

    def __init__(self, browser: Browser, base: str, sign_in: SignIn) -> None:
        self.browser, self.base, self.sign_in = browser, base, sign_in
        self.walkers: list[Walker] = []

    def open(self, user: User, screen: str) -> Walker:
        context = self.browser.new_context(base_url=self.base, **SCREENS[screen])
        session = self.sign_in(user).cookies["wuhu_youth_session"].value
        context.add_cookies([{"name": "wuhu_youth_session", "value": session, "url": self.base}])
        walker = Walker(f"{user.username} on the {screen}", context.new_page(), self.base)
        self.walkers.append(walker)
        return walker

    def close(self) -> None:
        for walker in self.walkers:
            walker.page.context.close()


@pytest.fixture
def windows(browser: Browser, live_server: Any, sign_in: SignIn) -> Iterator[Windows]:
    opened = Windows(browser, live_server.url, sign_in)
    yield opened
    opened.close()


def test_the_worker_visits_without_the_reason_and_the_cadre_decides(
    windows: Windows, private: Candidate, fanchang: User, fanchang_worker: User
) -> None:
    phone = windows.open(fanchang_worker, "phone")
    phone.page.goto("/")
    phone.page.get_by_role("link", name="走访：陈*桐").click()
    expect(phone.page.get_by_role("heading", name="走访 陈*桐")).to_be_visible()
    expect(phone.page.locator("main")).not_to_contain_text("服刑")
    phone.page.get_by_text("监护人", exact=True).click()
    phone.page.get_by_label("看到、问到了什么").fill("奶奶在照顾，孩子在上学")
    phone.page.get_by_role("button", name="已走访").click()
    expect(phone.page.get_by_text("已记下对陈*桐的走访")).to_be_visible()
    expect(phone.page.get_by_role("heading", name="没有待走访的线索")).to_be_visible()

    desk = windows.open(fanchang, "desk")
    desk.page.goto("/")
    desk.page.get_by_role("link", name="核定：陈*桐已走访，请核定").click()
    expect(desk.page.locator("main")).to_contain_text("奶奶在照顾，孩子在上学")
    desk.page.get_by_role("button", name="属实，认定").click()
    expect(desk.page.get_by_text("已认定陈*桐为服刑在教人员未成年子女")).to_be_visible()
    assert Youth.objects.everyone(because="test").get().enrolments.get().category_id == "custody_child"
    desk.page.goto("/candidates/?kind=enter&state=enrolled")
    expect(desk.page.get_by_role("heading", name="共 1 条")).to_be_visible()


@pytest.mark.parametrize("screen", SCREENS)
def test_its_pages_are_sound_for_both_who_know_and_who_do_not(
    windows: Windows, private: Candidate, fanchang: User, fanchang_worker: User, screen: str
) -> None:
    home = make_dwelling(GRID, estate="安徽省江北产业集中区大龙湾安置小区二期北苑", building="第十二号楼")
    make_candidate(make_resident("阿卜杜热合曼·图尔荪江" * 2, age=9, dwelling=home), "left_behind")
    make_candidate(topic="idle", grid=GRID, state="withdrawn", decided_at="2026-11-20T08:00:00Z")
    faults = []
    for user in (fanchang_worker, fanchang):
        walker = windows.open(user, screen)
        open_one = Candidate.objects.everyone(because="test").get(category="left_behind")
        walker.walk("home", "/")
        walker.walk("candidates", "/candidates/")
        walker.walk("candidates", "/candidates/?state=suggested&age=week")
        walker.walk("candidates", "/candidates/?topic=nothing", 422)
        for candidate in (private, open_one):
            walker.walk("candidate", f"/candidates/{candidate.pk}/")
        faults += walker.faults
    assert faults == []
