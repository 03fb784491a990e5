"""A person signs in through the page, in a real browser, and sits before the page that was asked for."""

from playwright.sync_api import Page

from tests.factories import PASSWORD


def give_password(page: Page, base: str, username: str, path: str = "/") -> None:
    """Asks for the path, is asked who it is, answers, and waits until the next page answers keys and presses.

    A page is painted before its scripts have run; a person is slower than that, a test is not.
    """
    page.goto(f"{base}/login/?next={path}")
    answer_who(page, username)


def answer_who(page: Page, username: str) -> None:
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("button", name="登录").click()
