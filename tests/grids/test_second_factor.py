"""Signing in with a password and a code from the phone; sessions that end; recovery by the security officer."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from grids import second_factor, sessions
from grids.encryption import decrypt
from grids.models import AccountEvent, SecondFactor, SignIn, User
from grids.permissions import Role
from grids.second_factor import CodeRefused, code_at, current_step
from tests.cast import SignIn as SignedIn
from tests.factories import PASSWORD, give_post

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0"
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 wxwork/4.1"


@pytest.fixture(autouse=True)
def on(settings: Any) -> Iterator[Any]:
    settings.SECOND_FACTOR = "on"
    with time_machine.travel("2026-11-24 08:00:05+08:00", tick=False) as clock:
        yield clock


def give_factor(user: User) -> None:
    SecondFactor.objects.create(user=user, secret=SECRET, hash_name="sha256", last_step=0)


def code(drift: int = 0, secret: str = SECRET) -> str:
    return code_at(secret, current_step() + drift, "sha256")


def password_step(client: Client, username: str, target: str = "/account/", agent: str = WINDOWS) -> str:
    """Where the right password leads."""
    typed = {"username": username, "password": PASSWORD, "next": target}
    answer = client.post("/login/", typed, headers={"User-Agent": agent})
    assert answer.status_code == 302
    return answer.headers["Location"]


def code_step(client: Client, typed: str, agent: str = WINDOWS) -> tuple[int, str]:
    """(status, where it leads or what the page says)."""
    answer = client.post("/login/code/", {"code": typed}, headers={"User-Agent": agent})
    return answer.status_code, answer.headers.get("Location") or answer.content.decode()


def sign_in_fully(user: User, agent: str = WINDOWS) -> Client:
    client = Client(headers={"User-Agent": agent})
    if password_step(client, user.username, agent=agent) == "/login/code/":
        assert code_step(client, code(), agent)[0] == 302
    return client


def is_signed_in(client: Client) -> bool:
    return bool(client.get("/account/").status_code == 200)


# --- The codes


@pytest.mark.parametrize(
    ("hash_name", "secret", "seconds", "digits"),
    [  # RFC 6238 appendix B, the last six of its eight digits
        ("sha1", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 59, "287082"),
        ("sha1", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 1111111109, "081804"),
        ("sha256", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA====", 59, "119246"),
        ("sha256", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA====", 1234567890, "819424"),
    ],
)
def test_codes_are_those_of_the_standard(hash_name: str, secret: str, seconds: int, digits: str) -> None:
    assert code_at(secret, seconds // 30, hash_name) == digits


def test_sm3_makes_codes_of_its_own() -> None:
    assert code_at(SECRET, 1, "sm3") != code_at(SECRET, 1, "sha256")


def test_the_picture_names_the_account_and_has_no_style(jiujiang: User) -> None:
    address = second_factor.address_of(SECRET, jiujiang)
    assert address.startswith("otpauth://totp/%E8%8A%9C")
    assert f"secret={SECRET}" in address
    assert "algorithm=SHA256" in address
    picture = second_factor.qr_svg(address)
    assert picture.startswith("<svg ")
    assert "style" not in picture


# --- Who is asked


def test_cadres_beyond_a_community_and_officers_are_asked(
    city_cadre: User, jiujiang: User, wanli: User, centre: User, sysadmin: User, security: User, auditor: User
) -> None:
    for user in (city_cadre, jiujiang, wanli, centre, sysadmin, security, auditor):
        assert password_step(Client(), user.username) == "/login/factor/", user


def test_workers_and_communities_are_not_unless_they_want_to_or_all_are(
    wang_shanshan: User, yang_ying: User, settings: Any
) -> None:
    for user in (wang_shanshan, yang_ying):
        assert password_step(Client(), user.username) == "/account/"
    give_factor(yang_ying)
    assert password_step(Client(), "huaqiang") == "/login/code/"
    settings.SECOND_FACTOR = "all"
    assert password_step(Client(), "wangshanshan") == "/login/factor/"


def test_off_asks_nobody(jiujiang: User, settings: Any) -> None:
    settings.SECOND_FACTOR = "off"
    give_factor(jiujiang)
    assert password_step(Client(), "jiujiang") == "/account/"


# --- The first time


def shown_secret(page: str) -> str:
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found
    return found[1].replace(" ", "")


def test_the_first_time_the_phone_is_bound_and_lets_one_in(client: Client, jiujiang: User) -> None:
    password_step(client, "jiujiang", target="/youths/")
    page = client.get("/login/factor/").content.decode()
    assert "<svg " in page
    secret = shown_secret(page)
    wrong = client.post("/login/factor/", {"code": "000000"})
    assert (wrong.status_code, shown_secret(wrong.content.decode())) == (422, secret)
    answer = client.post("/login/factor/", {"code": code(secret=secret)})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/youths/")
    assert is_signed_in(client)
    assert SecondFactor.objects.get().secret == secret
    event = AccountEvent.objects.get()
    assert (event.user, event.kind, bool(event.request_id)) == (jiujiang, "factor_set_up", True)


def test_a_secret_that_somebody_else_was_shown_is_not_the_one_that_is_kept(jiujiang: User) -> None:
    thief, owner = Client(), Client()
    secrets = []
    for browser in (thief, owner, owner):
        password_step(browser, "jiujiang")
        secrets.append(shown_secret(browser.get("/login/factor/").content.decode()))
    assert len(set(secrets)) == 3
    assert owner.post("/login/factor/", {"code": code(secret=secrets[2])}).status_code == 302
    assert thief.post("/login/factor/", {"code": code(secret=secrets[0])}).headers["Location"] == "/login/"
    assert not is_signed_in(thief)


def test_the_secret_stands_encrypted(client: Client, jiujiang: User) -> None:
    give_factor(jiujiang)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM grids_secondfactor")
        stored = bytes(cursor.fetchone()[0])
    assert SECRET.encode() not in stored
    assert decrypt(stored, "second_factor_secret") == SECRET
    SecondFactor.objects.all().delete()
    password_step(client, "jiujiang")
    secret = shown_secret(client.get("/login/factor/").content.decode())
    assert secret not in str(dict(client.session))


def test_whoever_is_not_asked_may_set_one_up_too(sign_in: SignedIn, wang_shanshan: User) -> None:
    browser = sign_in(wang_shanshan)
    assert "启用动态口令" in browser.get("/account/").content.decode()
    secret = shown_secret(browser.get("/account/factor/").content.decode())
    assert browser.post("/account/factor/", {"code": code(secret=secret)}).headers["Location"] == "/account/"
    assert password_step(Client(), "wangshanshan") == "/login/code/"


# --- Every other time


def test_password_and_code_lead_to_the_page_that_was_asked_for(client: Client, jiujiang: User) -> None:
    give_factor(jiujiang)
    assert password_step(client, "jiujiang", target="/youths/") == "/login/code/"
    assert not is_signed_in(client)
    assert code_step(client, f" {code()[:3]} {code()[3:]} ") == (302, "/youths/")
    assert is_signed_in(client)


def test_the_password_alone_opens_nothing(client: Client, jiujiang: User) -> None:
    give_factor(jiujiang)
    password_step(client, "jiujiang")
    for address in ("/", "/youths/", "/account/", "/account/factor/", "/admin/", "/alerts/live/"):
        assert client.get(address).headers["Location"].startswith("/login/"), address
    assert client.get("/login/factor/").headers["Location"] == "/login/"


def test_a_code_without_the_password_opens_nothing(client: Client, jiujiang: User) -> None:
    give_factor(jiujiang)
    assert code_step(client, code()) == (302, "/login/")


def test_the_key_of_the_session_changes_at_each_step(client: Client, jiujiang: User) -> None:
    give_factor(jiujiang)
    client.get("/login/")
    keys = [client.session.session_key]
    password_step(client, "jiujiang")
    keys.append(client.session.session_key)
    code_step(client, code())
    keys.append(client.session.session_key)
    assert len(set(keys)) == 3


def test_a_code_serves_once_wherever_it_is_typed(jiujiang: User) -> None:
    give_factor(jiujiang)
    first, second = Client(), Client()
    for browser in (first, second):
        password_step(browser, "jiujiang")
    assert code_step(first, code())[0] == 302
    status, page = code_step(second, code())
    assert (status, "已经用过" in page) == (422, True)


def test_an_older_code_than_the_one_used_serves_no_more(jiujiang: User) -> None:
    give_factor(jiujiang)
    second_factor.check(jiujiang, code())
    with pytest.raises(CodeRefused):
        second_factor.check(jiujiang, code(-1))
    second_factor.check(jiujiang, code(+1))


@pytest.mark.parametrize(("drift", "serves"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_half_a_minute(jiujiang: User, drift: int, serves: bool) -> None:
    give_factor(jiujiang)
    if serves:
        second_factor.check(jiujiang, code(drift))
    else:
        with pytest.raises(CodeRefused):
            second_factor.check(jiujiang, code(drift))


def test_five_wrong_codes_make_a_pause_that_the_right_one_does_not_break(on: Any, jiujiang: User) -> None:
    give_factor(jiujiang)
    client = Client()
    password_step(client, "jiujiang")
    for _ in range(4):
        assert "连续输错" not in code_step(client, "000000")[1]
    assert "连续输错 5 次" in code_step(client, "000000")[1]
    assert code_step(client, code())[0] == 422
    other = Client()
    password_step(other, "jiujiang")  # the pause is the account's, not the browser's
    assert code_step(other, code())[0] == 422
    assert AccountEvent.objects.get().kind == "factor_paused"
    on.shift(15 * 60 + 1)
    password_step(client, "jiujiang")
    assert code_step(client, code())[0] == 302


def test_between_the_steps_ten_minutes_may_pass(on: Any, client: Client, jiujiang: User) -> None:
    give_factor(jiujiang)
    password_step(client, "jiujiang")
    on.shift(10 * 60 + 1)
    assert code_step(client, code()) == (302, "/login/")


def test_an_account_switched_off_between_the_steps_stays_outside(client: Client, centre: User) -> None:
    give_factor(centre)
    password_step(client, "centre")
    User.objects.filter(pk=centre.pk).update(is_active=False)
    assert code_step(client, code()) == (302, "/login/")


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_what_is_no_code_is_named_and_does_not_count(client: Client, jiujiang: User, typed: str) -> None:
    give_factor(jiujiang)
    password_step(client, "jiujiang")
    status, page = code_step(client, typed)
    assert (status, "6 位数字" in page) == (422, True)
    assert SecondFactor.objects.get().failed_count == 0


def test_an_unknown_name_and_a_wrong_password_are_told_nothing_of_a_second_factor(jiujiang: User) -> None:
    give_factor(jiujiang)
    pages = [
        Client().post("/login/", {"username": username, "password": "Wrong-1234"}).content.decode()
        for username in ("jiujiang", "nobodyxx")
    ]
    lines = [
        [line.replace("nobodyxx", "jiujiang") for line in page.splitlines() if "csrfmiddleware" not in line]
        for page in pages
    ]
    assert lines[0] == lines[1]


def test_a_post_that_asks_for_a_factor_ends_a_session_without_one(
    client: Client, wang_shanshan: User
) -> None:
    password_step(client, "wangshanshan")
    assert is_signed_in(client)
    give_post(wang_shanshan, Role.STREET, "340207004")
    assert not is_signed_in(client)


# --- Sessions


def test_signing_in_on_another_computer_ends_the_first_and_not_the_phone(jiujiang: User) -> None:
    give_factor(jiujiang)
    with time_machine.travel("2026-11-24 09:00+08:00", tick=False) as clock:
        phone = sign_in_fully(jiujiang, PHONE)
        clock.shift(30)
        desk = sign_in_fully(jiujiang)
        clock.shift(30)
        other_desk = sign_in_fully(jiujiang)
        assert [is_signed_in(browser) for browser in (phone, desk, other_desk)] == [True, False, True]
    assert SignIn.objects.get(end="replaced").device == "desk"


def test_a_desk_session_idles_a_quarter_and_a_workers_phone_half_an_hour(
    on: Any, wang_shanshan: User, jiujiang: User
) -> None:
    give_factor(jiujiang)
    worker_phone, worker_desk = sign_in_fully(wang_shanshan, PHONE), sign_in_fully(wang_shanshan)
    cadre_phone = sign_in_fully(jiujiang, PHONE)
    on.shift(16 * 60)
    assert [is_signed_in(one) for one in (worker_phone, worker_desk, cadre_phone)] == [True, False, False]
    on.shift(31 * 60)
    assert not is_signed_in(worker_phone)


def test_however_busy_a_session_ends_after_twelve_hours(on: Any, wang_shanshan: User) -> None:
    browser = sign_in_fully(wang_shanshan)
    for _ in range(72):
        assert is_signed_in(browser)
        on.shift(10 * 60)
    on.shift(1)
    assert browser.get("/").headers["Location"] == "/login/?next=/"
    assert SignIn.objects.get().end == "too_long"


def test_the_own_page_lists_where_one_is_signed_in_and_ends_it(on: Any, wang_shanshan: User) -> None:
    desk, phone = sign_in_fully(wang_shanshan), sign_in_fully(wang_shanshan, PHONE)
    page = desk.get("/account/").content.decode()
    assert page.count("Edge · Windows") == page.count("企业微信 · Android") == 1
    elsewhere = SignIn.objects.get(device="phone")
    for _ in range(2):
        assert desk.post(f"/account/sign-ins/{elsewhere.pk}/end/").headers["Location"] == "/account/"
    assert [is_signed_in(desk), is_signed_in(phone)] == [True, False]
    assert (
        desk.post(f"/account/sign-ins/{SignIn.objects.get(device='desk').pk}/end/")["Location"] == "/login/"
    )
    assert not is_signed_in(desk)


def test_nobody_ends_somebody_elses_session_from_the_own_page(wang_shanshan: User, yang_ying: User) -> None:
    mine, theirs = sign_in_fully(wang_shanshan), sign_in_fully(yang_ying)
    found = SignIn.objects.get(user=yang_ying)
    assert mine.post(f"/account/sign-ins/{found.pk}/end/").status_code == 404
    assert is_signed_in(theirs)


def test_a_new_password_keeps_this_session_in_the_list_and_ends_the_others(wang_shanshan: User) -> None:
    desk, phone = sign_in_fully(wang_shanshan), sign_in_fully(wang_shanshan, PHONE)
    new = {"old_password": PASSWORD, "new_password1": "Other-river-77", "new_password2": "Other-river-77"}
    assert desk.post("/account/password/", new).status_code == 302
    assert "本机</span>" in desk.get("/account/").content.decode()
    assert not is_signed_in(phone)
    assert SignIn.objects.get(device="phone").end == "password"


def test_signing_out_is_kept(wang_shanshan: User) -> None:
    browser = sign_in_fully(wang_shanshan)
    answer = browser.post("/logout/")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    sign_in = SignIn.objects.get()
    assert (sign_in.end, sign_in.ended_by, sign_in.ended_at) == ("signed_out", wang_shanshan, timezone.now())


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (WINDOWS, ("desk", "Edge · Windows")),
        (PHONE, ("phone", "企业微信 · Android")),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Mobile/15E148 MicroMessenger/8.0",
            ("phone", "微信 · iPhone"),
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; UOS) Chrome/108.0 Safari/537.36", ("desk", "Chrome · 统信 UOS")),
        ("", ("desk", "未知浏览器")),
    ],
)
def test_a_device_is_told_in_words(agent: str, told: tuple[str, str]) -> None:
    assert sessions.device_of(agent) == told


# --- The security officer


@pytest.fixture
def officer(security: User) -> Client:
    give_factor(security)
    return sign_in_fully(security)


def test_the_officer_finds_a_person_without_a_name_in_an_address(officer: Client, jiujiang: User) -> None:
    found = officer.post("/sign-ins/", {"q": "王磊"})
    assert f"/sign-ins/{jiujiang.pk}/" in found.content.decode()
    assert "没有这样的人" in officer.post("/sign-ins/", {"q": "无此人"}).content.decode()


def test_the_officer_ends_anybodys_sessions(officer: Client, wang_shanshan: User) -> None:
    desk, phone = sign_in_fully(wang_shanshan), sign_in_fully(wang_shanshan, PHONE)
    assert "Edge · Windows" in officer.get(f"/sign-ins/{wang_shanshan.pk}/").content.decode()
    officer.post(f"/sign-ins/{wang_shanshan.pk}/end/")
    assert not is_signed_in(desk)
    assert not is_signed_in(phone)
    assert set(SignIn.objects.filter(user=wang_shanshan).values_list("end", "ended_by__username")) == {
        ("by_officer", "security")
    }


def test_a_lost_phone_is_recovered_by_the_officer_with_a_reason(officer: Client, jiujiang: User) -> None:
    give_factor(jiujiang)
    browser = sign_in_fully(jiujiang)
    address = f"/sign-ins/{jiujiang.pk}/factor/"
    assert officer.post(address, {"reason": ""}).status_code == 422
    assert officer.post(address, {"reason": "手机丢失，已当面核对"}).status_code == 302
    assert not is_signed_in(browser)
    event = AccountEvent.objects.get(kind="factor_reset")
    assert (event.user, event.by and event.by.username, event.reason) == (
        jiujiang,
        "security",
        "手机丢失，已当面核对",
    )
    assert "手机丢失，已当面核对" in officer.get(f"/sign-ins/{jiujiang.pk}/").content.decode()
    assert password_step(Client(), "jiujiang") == "/login/factor/"


def test_nobody_resets_the_own_factor(officer: Client, security: User) -> None:
    answer = officer.post(f"/sign-ins/{security.pk}/factor/", {"reason": "换手机"})
    assert (answer.status_code, "另一位安全管理员" in answer.content.decode()) == (422, True)
    assert SecondFactor.objects.filter(user=security).exists()


def test_when_no_officer_can_sign_in_the_machine_itself_resets(security: User) -> None:
    give_factor(security)
    call_command("reset_second_factor", "security", "--reason", "唯一的安全管理员手机丢失")
    event = AccountEvent.objects.get()
    assert (event.by, event.reason) == (None, "唯一的安全管理员手机丢失")
    with pytest.raises(CommandError, match="没有启用"):
        call_command("reset_second_factor", "security", "--reason", "再来一次")


def test_what_happened_to_an_account_is_never_altered(security: User) -> None:
    AccountEvent.objects.create(user=security, kind="factor_reset")
    for act in (lambda: AccountEvent.objects.update(reason="x"), lambda: AccountEvent.objects.all().delete()):
        with pytest.raises(IntegrityError, match="只能追加"), transaction.atomic():
            act()


# --- What browsers keep


def test_what_a_signed_in_person_is_answered_stays_in_no_cache(sign_in: SignedIn, yang_ying: User) -> None:
    browser = sign_in(yang_ying)
    for address in ("/", "/youths/", "/account/", "/alerts/live/", "/nowhere/"):
        assert "no-store" in browser.get(address).headers["Cache-Control"], address
