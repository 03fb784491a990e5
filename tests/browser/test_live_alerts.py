"""From the commit of a feed to the alert on a page that is open: real Redis, worker, beat, server and browser."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from grids.models import Alert, User
from registry.models import Handover, Youth
from tests.cast import SignIn
from tests.factories import HUAQIANG, YINHU, make_dwelling, make_youth
from tests.live import LiveWork, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.django_db(transaction=True)]
ONE_POLL = 20_000  # milliseconds
ONE_SWEEP = 40  # seconds: a poke that meets a busy worker is made good by the next sweep
OLD_GRID, NEW_GRID = f"{YINHU}001", f"{HUAQIANG}002"

OpenAs = Callable[[Client, str], Page]


@pytest.fixture
def open_as(context: BrowserContext, live_server: Any) -> OpenAs:
    """The page at a path, as the person of this client sees it."""

    def open_page(client: Client, path: str) -> Page:
        session = client.cookies["wuhu_youth_session"].value
        context.add_cookies([{"name": "wuhu_youth_session", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + path)
        # A mark that a reload would wipe out.
        page.evaluate("document.documentElement.dataset.opened = 'once'")
        return page

    return open_page


@pytest.fixture
def xiaohai(wang_shanshan: User, yang_ying: User) -> Youth:
    """张小海 lives, and has his file, in 汪珊珊's grid."""
    return make_youth("张小海", grid=OLD_GRID, age=10, categories=["left_behind"])


def load_move(youth: Youth, folder: Path) -> None:
    """The night's police file says that he lives in 杨颖's second grid now."""
    home = make_dwelling(NEW_GRID, estate="梧桐苑")
    today = timezone.localdate().isoformat()
    file = folder / "residences.csv"
    file.write_text(
        f"公民身份号码,房屋编号,起始日期\n{youth.resident.id_number},{home.code},{today}\n", "utf-8"
    )
    call_command("load_feed", "residences", str(file), source="police", as_of=today)


def alerts_shown(page: Page, text: str) -> Any:
    return page.locator("[data-live-alerts] li").filter(has_text=text)


def test_a_feed_reaches_the_new_workers_open_page_within_one_poll_without_reload(
    live_work: LiveWork, open_as: OpenAs, sign_in: SignIn, yang_ying: User, xiaohai: Youth, tmp_path: Path
) -> None:
    page = open_as(sign_in(yang_ying), "/")
    expect(page.locator("[data-live-alerts]")).to_contain_text("没有新的提醒")

    load_move(xiaohai, tmp_path)

    expect(alerts_shown(page, "张*海")).to_have_count(1, timeout=ONE_POLL)
    expect(alerts_shown(page, "张*海")).to_contain_text("请接收")
    expect(page.locator("[data-alert-count]").first).to_have_text("1")
    assert page.evaluate("document.documentElement.dataset.opened") == "once", "the page was loaded anew"
    wait_for(
        lambda: not Alert.objects.filter(delivered_at=None).exists(),
        ONE_SWEEP,
        what="the worker has delivered both alerts",
    )


def test_with_redis_stopped_in_between_the_alert_arrives_once_and_the_request_succeeds(
    live_work: LiveWork,
    open_as: OpenAs,
    sign_in: SignIn,
    yang_ying: User,
    wang_shanshan: User,
    xiaohai: Youth,
    tmp_path: Path,
) -> None:
    load_move(xiaohai, tmp_path)
    page = open_as(sign_in(wang_shanshan), "/")
    expect(alerts_shown(page, "张*海")).to_have_count(1)
    new_side = sign_in(yang_ying)
    handover = Handover.objects.everyone(because="test").get()

    live_work.stop_redis()
    started = time.monotonic()
    answer = new_side.post(f"/handovers/{handover.pk}/return/", {"reason": "not_found"}, follow=True)
    assert time.monotonic() - started < 3
    assert "已退回张*海" in answer.content.decode()

    # While Redis is away the page asks the database.
    expect(alerts_shown(page, "查无此人")).to_have_count(1, timeout=ONE_POLL)
    assert Alert.objects.of(wang_shanshan).open().get().delivered_at is None

    live_work.start_redis()
    wait_for(
        lambda: not Alert.objects.filter(delivered_at=None, done_at=None).exists(),
        75,
        what="the sweep told Redis",
    )
    page.bring_to_front()
    expect(alerts_shown(page, "查无此人")).to_have_count(1)
    expect(page.locator("[data-alert-count]").first).to_have_text("1")
    assert Alert.objects.of(wang_shanshan).filter(event_key__endswith=":returned").count() == 1
