"""Sign-in: one answer for every failure, a pause after five, a new session, and a way back."""

import pytest
import structlog
import time_machine
from django.contrib.auth.hashers import Argon2PasswordHasher, get_hashers_by_algorithm
from django.test import Client

from grids.models import User
from tests.cast import SignIn
from tests.factories import PASSWORD, YINHU, assign


def sign_in_with(
    client: Client, username: str, password: str, target: str = "/account/", **headers: str
) -> tuple[int, str]:
    """(status, text) of the answer; the text is the target's address after a redirect."""
    answer = client.post(
        "/login/", {"username": username, "password": password, "next": target}, headers=headers
    )
    return answer.status_code, answer.headers.get("Location") or answer.content.decode()


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_right_password_leads_to_the_page_that_was_asked_for(client: Client, wang_shanshan: User) -> None:
    asked = client.get("/account/")
    assert asked.headers["Location"] == "/login/?next=/account/"
    assert sign_in_with(client, "wangshanshan", PASSWORD) == (302, "/account/")
    assert is_signed_in(client)


def test_without_a_page_asked_for_it_leads_to_the_day(client: Client, wang_shanshan: User) -> None:
    assert sign_in_with(client, "wangshanshan", PASSWORD, target="") == (302, "/")


def test_a_name_with_a_capital_or_a_space_is_the_same_name(client: Client, wang_shanshan: User) -> None:
    assert sign_in_with(client, " Wangshanshan ", PASSWORD)[0] == 302


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "/\\evil.example",
        "http:///x",
        "/logout/",
    ],
)
def test_a_target_elsewhere_is_ignored(client: Client, wang_shanshan: User, target: str) -> None:
    assert "evil" not in client.get("/login/", {"next": target}).content.decode()
    assert sign_in_with(client, "wangshanshan", PASSWORD, target) == (302, "/")


def test_a_wrong_password_a_wrong_name_and_a_switched_off_account_get_the_same_words(
    client: Client, wang_shanshan: User, legal_aid: User
) -> None:
    User.objects.filter(pk=legal_aid.pk).update(is_active=False)
    pages = []
    for username, password in (
        ("wangshanshan", "wrong"),
        ("nobody", "wrong"),
        ("lizhiyuan", PASSWORD),
        ("lizhiyuan", "wrong"),
    ):
        status, page = sign_in_with(Client(), username, password)
        assert (status, "用户名或密码不对" in page) == (200, True)
        pages.append(_without_tokens(page).replace(username, "NAME"))
    assert len(set(pages)) == 1


def test_what_was_typed_as_a_name_stays_and_the_password_does_not(
    client: Client, wang_shanshan: User
) -> None:
    page = sign_in_with(client, "wangshanshan", "Wrong-secret-1")[1]
    assert 'value="wangshanshan"' in page
    assert "Wrong-secret-1" not in page


@pytest.mark.parametrize(("username", "password"), [("", "x"), ("x", ""), ("", "")])
def test_an_empty_field_is_named(client: Client, db: None, username: str, password: str) -> None:
    page = sign_in_with(client, username, password)[1]
    assert ("请填写用户名" in page) is not bool(username)
    assert ("请填写密码" in page) is not bool(password)


@pytest.mark.parametrize("username", ["a\0b", "名" * 500, "'; drop table grids_user; --", "\u202ex", "𠮷"])
def test_odd_names_are_refused_like_any_other(client: Client, db: None, username: str) -> None:
    assert sign_in_with(client, username, "x")[0] == 200


@pytest.mark.parametrize("username", ["wangshanshan", "nobody"])
def test_after_five_wrong_passwords_there_is_a_pause_whether_or_not_the_name_exists(
    client: Client, wang_shanshan: User, username: str
) -> None:
    with time_machine.travel("2026-11-24 08:00", tick=False) as clock:
        for _ in range(4):
            assert sign_in_with(client, username, "wrong")[0] == 200
        status, page = sign_in_with(client, username, "wrong")
        assert (status, "暂时不能登录" in page) == (429, True)
        assert sign_in_with(client, username, PASSWORD)[0] == 429
        clock.shift(15 * 60 + 1)
        assert sign_in_with(client, username, PASSWORD)[0] == (302 if username == "wangshanshan" else 200)


def test_a_pause_for_one_name_is_none_for_another_at_the_same_address(
    client: Client, wang_shanshan: User, yang_ying: User
) -> None:
    for _ in range(5):
        sign_in_with(client, "wangshanshan", "wrong")
    assert sign_in_with(client, "huaqiang", PASSWORD)[0] == 302


def test_the_right_password_forgives_the_wrong_ones_before(client: Client, wang_shanshan: User) -> None:
    for _ in range(2):
        for _ in range(4):
            sign_in_with(client, "wangshanshan", "wrong")
        assert sign_in_with(client, "wangshanshan", PASSWORD)[0] == 302


def test_signing_in_changes_the_session_and_signing_out_ends_it(client: Client, wang_shanshan: User) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    planted = str(session.session_key)
    client.cookies["wuhu_youth_session"] = planted
    sign_in_with(client, "wangshanshan", PASSWORD)
    signed_in = str(client.session.session_key)
    assert signed_in != planted
    assert client.post("/logout/").headers["Location"] == "/login/"
    assert "您已退出" in client.get("/login/").content.decode()
    client.cookies["wuhu_youth_session"] = signed_in
    assert client.get("/account/").status_code == 302


def test_signing_out_takes_a_post(client: Client, wang_shanshan: User, sign_in: SignIn) -> None:
    browser = sign_in(wang_shanshan)
    assert browser.get("/logout/").status_code == 405
    assert is_signed_in(browser)


def test_a_sign_in_without_our_form_is_refused(wang_shanshan: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert sign_in_with(strict, "wangshanshan", PASSWORD)[0] == 403


def test_whoever_is_signed_in_is_not_asked_again(sign_in: SignIn, wang_shanshan: User) -> None:
    browser = sign_in(wang_shanshan)
    assert browser.get("/login/").headers["Location"] == "/"
    assert browser.get("/login/", {"next": "/account/"}).headers["Location"] == "/account/"


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: Client, wang_shanshan: User) -> None:
    sign_in_with(client, "wangshanshan", PASSWORD)
    cookie = client.cookies["wuhu_youth_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 900)


def test_switching_an_account_off_ends_its_sessions_at_once(sign_in: SignIn, legal_aid: User) -> None:
    browser = sign_in(legal_aid)
    assert browser.get("/account/").status_code == 200
    User.objects.filter(pk=legal_aid.pk).update(is_active=False)
    assert browser.get("/account/").status_code == 302


def test_the_sign_in_page_is_not_kept_by_the_browser(client: Client, db: None) -> None:
    assert "no-store" in client.get("/login/").headers["Cache-Control"]


def test_no_log_line_holds_a_password_or_a_name_that_was_typed(client: Client, wang_shanshan: User) -> None:
    with structlog.testing.capture_logs() as lines:
        sign_in_with(client, "wangshanshan", "Wrong-secret-1")
        sign_in_with(client, "wangshanshan", PASSWORD)
    assert lines
    for secret in ("Wrong-secret-1", PASSWORD, "wangshanshan"):
        assert secret not in str(lines)


def test_passwords_are_kept_as_argon2(settings: pytest.FixtureRequest) -> None:
    hashers = [name for name in settings.PASSWORD_HASHERS if "MD5" not in name]  # type: ignore[attr-defined]
    assert hashers == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    assert isinstance(get_hashers_by_algorithm()["argon2"], Argon2PasswordHasher)


# --- 我的


def test_the_own_page_names_posts_and_grids(sign_in: SignIn, wang_shanshan: User) -> None:
    assign(wang_shanshan, f"{YINHU}002", "deputy")
    page = sign_in(wang_shanshan).get("/account/").content.decode()
    for words in ("汪珊珊", "银湖社区网格员", "第1网格", "第2网格", "协助网格员", "湾里街道"):
        assert words in page


def test_somebody_without_a_post_is_told_whom_to_ask(sign_in: SignIn, league_leader: User) -> None:
    page = sign_in(league_leader).get("/account/").content.decode()
    assert "目前没有任职" in page
    assert "团小组长" in page


def change(browser: Client, old: str, new: str, again: str | None = None) -> tuple[int, str]:
    answer = browser.post(
        "/account/password/",
        {"old_password": old, "new_password1": new, "new_password2": new if again is None else again},
    )
    return answer.status_code, answer.content.decode()


def test_a_new_password_keeps_this_session_and_ends_the_others(sign_in: SignIn, wang_shanshan: User) -> None:
    here, elsewhere = sign_in(wang_shanshan), sign_in(wang_shanshan)
    assert change(here, PASSWORD, "Other-river-77")[0] == 302
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert sign_in_with(Client(), "wangshanshan", "Other-river-77")[0] == 302


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("wrong", "Other-river-77"), "旧密码"),
        ((PASSWORD, "Other-river-77", "Other-river-78"), "不一致"),
        ((PASSWORD, "Short-1"), "10"),
        ((PASSWORD, "otherriverlong"), "至少 3 类"),
        ((PASSWORD, "Wangshanshan1"), "用户名"),
    ],
)
def test_a_password_that_will_not_do_is_refused_in_words(
    sign_in: SignIn, wang_shanshan: User, typed: tuple[str, ...], words: str
) -> None:
    status, page = change(sign_in(wang_shanshan), *typed)
    assert status == 422
    assert words in page


def _without_tokens(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)
