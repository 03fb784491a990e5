"""Administration in a real browser: its scripts work under our policy, which allows nothing inline."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from grids.models import ResponsiblePerson, User
from tests.browser.signing_in import give_password
from tests.factories import HUAQIANG, YINHU

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.ignore_template_errors,
]
Complaints = list[str]


@pytest.fixture
def complaints(page: Page, live_server: Any) -> Complaints:
    """What the browser objected to, and requests to anybody else."""
    found: Complaints = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith(live_server.url) else found.append(request.url),
    )
    return found


@pytest.fixture
def signed_in(page: Page, live_server: Any) -> Callable[[str], None]:
    def sign_in(username: str) -> None:
        page.context.clear_cookies()
        give_password(page, live_server.url, username, "/admin/")
        expect(page.get_by_role("heading", name="管理")).to_be_visible()

    return sign_in


def test_every_page_of_the_administration_loads_without_a_complaint(
    request: pytest.FixtureRequest, page: Page, complaints: Complaints, signed_in: Callable[[str], None]
) -> None:
    people = [request.getfixturevalue(who) for who in ("sysadmin", "security", "yang_ying")]
    post = people[2].posts.get()
    server = request.getfixturevalue("live_server").url
    addresses = {
        "sysadmin": [
            "grids/grid/", "grids/grid/add/", f"grids/grid/{HUAQIANG}001/change/", f"grids/grid/{HUAQIANG}001/history/",
            "grids/assignment/", "grids/assignment/add/", "grids/division/", "grids/alert/",
            "registry/category/idle/change/", "registry/source/", "registry/batch/",
        ],
        "security": ["grids/user/", "grids/user/add/", "grids/post/", f"grids/post/{post.pk}/change/"],
    }  # fmt: skip
    for username, pages in addresses.items():
        signed_in(username)
        for address in pages:
            answer = page.goto(f"{server}/admin/{address}")
            assert answer is not None
            assert answer.ok, address
            expect(page.locator("#content")).to_be_visible()
            assert complaints == [], address


def test_the_lead_of_a_grid_is_changed_by_looking_the_next_one_up(
    request: pytest.FixtureRequest,
    page: Page,
    complaints: Complaints,
    signed_in: Callable[[str], None],
    live_server: Any,
) -> None:
    newcomer = _cast(request, "jiujiang", "wang_shanshan", "yang_ying")[2]
    signed_in("jiujiang")
    page.goto(f"{live_server.url}/admin/grids/grid/{YINHU}001/change/")
    page.get_by_role("link", name="更换网格责任人").click()
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill("杨")
    page.get_by_role("option", name="杨颖（huaqiang）").click()
    page.get_by_role("button", name="更换").click()
    expect(page.locator(".messagelist")).to_contain_text("由杨颖负责")
    assert ResponsiblePerson.objects.get(pk=f"{YINHU}001").user == newcomer
    assert complaints == []


def _cast(request: pytest.FixtureRequest, *names: str) -> list[User]:
    return [request.getfixturevalue(name) for name in names]
