"""Every page in a real browser, on a desk and on a phone, as the persons it is for.

Nothing that axe objects to, nothing wider than the screen, no complaint in the console, no request to another host.
The pages come from tests/addresses.py: one that is declared there is walked here without being named again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page

from grids.models import User
from tests.addresses import ADDRESSES, ANYBODY, CLOSED, HERE, MISSING, PUBLIC, World, everywhere
from tests.cast import SignIn
from tests.factories import (
    closed,
    make_dwelling,
    make_enrolment,
    make_fact,
    make_guardianship,
    make_handover,
    make_need,
    make_resident,
    make_visit,
    make_youth,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.ignore_template_errors,  # of Django's own administration
]

SCREENS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
# Each page is walked by the first of them whose page it is.
WALKERS = [
    "wang_shanshan",
    "yang_ying",
    "jiujiang",
    "city_cadre",
    "centre",
    "sysadmin",
    "security",
    "auditor",
    "legal_aid",
]
# What looks different to others: (who, page).
ALSO = [
    ("yang_ying", "home"), ("jiujiang", "home"), ("city_cadre", "home"), ("centre", "home"), ("auditor", "home"),
    ("legal_aid", "home"), ("jiujiang", "youths"), ("jiujiang", "moves"), ("yang_ying", "handover"),
    ("yang_ying", "alerts"), ("wanli", "youths"), ("city_cadre", "feeds"),
    ("jiujiang", "grants"), ("auditor", "grants"), ("jiujiang", "grant"),
]  # fmt: skip
# Answers that are no page: health, pieces of pages, sheets.
NOT_PAGES = {
    "healthz", "readyz", "alerts_live", "youths_export", "readings_export", "admin:jsi18n", "admin:autocomplete",
}  # fmt: skip
# Administration is desk work: on a phone only that it opens.
ADMINISTRATION_ON_A_PHONE = {"admin:index", "admin:grids_grid_changelist", "admin:grids_grid_change"}
# Forms that are sent empty as well, to see them with what is wrong.
SENT_EMPTY = {
    "login", "password_change", "youth_new", "youth_enrol", "youth_close", "youth_move", "visit_new",
    "enrolment_end", "feed_new", "grant_new", "grant_new_area", "grant_emergency", "youth_reason", "case_new",
    "agency_new",
}  # fmt: skip
_AXE = next(Path(__file__).parents[1].glob("vendor/axe-core-*/axe.min.js")).read_text()
# Widgets of Django's administration that we do not draw: its look-up field and its rows of inputs in a table.
_VIOLATIONS = """async () => (await axe.run({exclude: [".select2-container", ".inline-group .tabular"]},
    {resultTypes: ["violations"]})).violations.map(
    found => `axe ${found.id}: ${found.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(" | ")}`)"""


@dataclass
class Walker:
    """One person in one window; what the browser or axe objected to is gathered in `faults`."""

    who: str
    page: Page
    base: str
    faults: list[str] = field(default_factory=list)
    where: str = ""
    is_listening: bool = True

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: self._console(said) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self._fault(f"script: {error}"))
        self.page.on(
            "request", lambda asked: None if asked.url.startswith(self.base) else self._fault(asked.url)
        )

    def _fault(self, text: str) -> None:
        self.faults.append(f"{self.who} {self.where}: {text}")

    def _console(self, said: Any) -> None:
        # The browser itself reports that the page's own answer was a 4xx, which is what was asked for.
        is_own_answer = (
            said.text.startswith("Failed to load resource") and said.location["url"] == self.page.url
        )
        if self.is_listening and not is_own_answer:
            self._fault(f"console: {said.text}")

    def walk(self, name: str, url: str, status: int = 200) -> None:
        """Open it, see that it answers so, and look it over."""
        self.where = f"{name} {url}"
        answer = self.page.goto(self.base + url)
        assert answer is not None
        if answer.status != status:
            self._fault(f"answered {answer.status}")
        self.look()
        if name in SENT_EMPTY:
            self.where += " (sent empty)"
            with self.page.expect_navigation():
                self.page.evaluate("document.querySelector('form.form').requestSubmit()")
            self.look()

    def look(self) -> None:
        self.page.wait_for_load_state("load")
        width = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if width > 0:
            self._fault(f"{width} px wider than the screen")
        self.is_listening = False  # axe tries styles that the policy forbids
        self.page.evaluate(_AXE)
        violations = self.page.evaluate(_VIOLATIONS)
        self.is_listening = True
        for violation in violations:
            self._fault(violation)


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> dict[str, User]:
    names = {*WALKERS, "wanli", "auditor", "legal_aid", "fanchang"}
    return {who: request.getfixturevalue(who) for who in sorted(names)}


def fill(world: World, cast: dict[str, User]) -> None:
    """Something in every section of the file and of the lists, with names and addresses as long as they come."""
    youth, worker = world.youth, cast["wang_shanshan"]
    mother = make_resident("李阿依古丽·买买提", age=34, sex="2", dwelling=make_dwelling(HERE))
    make_guardianship(youth.resident, mother, relation="52")
    make_guardianship(youth.resident, "张大海", status="away_for_work", destination_code="310115")
    make_fact(youth.resident, "in_school", unit="芜湖市鸠江区湾里中心小学（银湖校区）")
    make_need(youth, "care")
    make_enrolment(youth, "left_behind", review_on=timezone.localdate() - timedelta(days=3))
    for days in (20, 60):
        make_visit(
            youth, by=worker, visited_on=timezone.localdate() - timedelta(days=days), found="奶奶照看。" * 30
        )
    estate = "安徽省江北产业集中区大龙湾安置小区二期北苑"
    long_home = make_dwelling(
        HERE, estate=estate, building="第十二号员工宿舍楼", unit="西单元", room="1204甲"
    )
    make_youth("阿卜杜热合曼·图尔荪江" * 4, dwelling=long_home, age=9, categories=["left_behind", "idle"],
               next_due_on=timezone.localdate() - timedelta(days=116))  # fmt: skip
    make_youth("㛃𠮷", grid=HERE, age=25, next_due_on=timezone.localdate())
    late = make_youth("何思乐", grid=HERE, age=13, categories=["street"])
    make_handover(late, "340207004006002", due_at=timezone.now() - timedelta(hours=5))
    left = make_youth("周子涵", grid=HERE, age=17)
    make_visit(left, by=worker)
    closed(left)
    for who in ("wang_shanshan", "yang_ying", "jiujiang"):
        world.alert(
            cast[who], kind="handover_offered", text="何*乐，13 岁，迁入银湖社区第一网格，请接收", wants_act=True,
            path=f"/handovers/{world.handover.pk}/", due_at=timezone.now() + timedelta(hours=20),
        )  # fmt: skip
        world.alert(cast[who], text="李*的家人搬走了，请走访看看谁在照顾", path=f"/youths/{youth.pk}/")


def pages(world: World, cast: dict[str, User]) -> Iterator[tuple[str, str, str]]:
    """(who, name, address) of all that is to be walked."""
    for name, address in ADDRESSES.items():
        if 200 not in address.get or name in NOT_PAGES or name in CLOSED or address.wants == PUBLIC:
            continue
        if name.startswith("admin:") and name.endswith(("_add", "_history")):
            continue  # drawn by Django as the others are; tests/browser/test_administration.py loads them
        for who in WALKERS:
            user = cast[who]
            may = address.wants == ANYBODY or any(map(user.may, address.wants))
            url, within = world.address(name, user)
            if may and within and (not address.everywhere or everywhere(user)):
                yield who, name, url
                break
        else:
            pytest.fail(f"nobody of the cast may open {name}")
    for who, name in ALSO:
        yield who, name, world.address(name, cast[who])[0]


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_is_sound(
    browser: Browser, live_server: Any, sign_in: SignIn, cast: dict[str, User], screen: str
) -> None:
    world = World()
    fill(world, cast)
    faults: list[str] = []
    windows: dict[str, tuple[BrowserContext, Walker]] = {}

    def window(who: str) -> Walker:
        if who not in windows:
            context = browser.new_context(**SCREENS[screen])
            if who in cast:
                session = sign_in(cast[who]).cookies["wuhu_youth_session"].value
                cookie = {"name": "wuhu_youth_session", "value": session, "url": live_server.url}
                context.add_cookies([cookie])  # type: ignore[list-item]
            windows[who] = context, Walker(who, context.new_page(), live_server.url, faults)
        return windows[who][1]

    window("nobody").walk("login", "/login/?next=/youths/")
    for who, name, url in pages(world, cast):
        if screen == "desk" or not name.startswith("admin:") or name in ADMINISTRATION_ON_A_PHONE:
            window(who).walk(name, url)
    window("wang_shanshan").walk("404", f"/youths/{MISSING}/", 404)
    window("wang_shanshan").walk("403", "/feeds/", 403)
    window("fanchang").walk("empty list", "/youths/?category=street")
    window("fanchang").walk("wrong condition", "/youths/?age_min=x", 422)
    for context, _ in windows.values():
        context.close()
    assert not faults, "\n".join(faults)
