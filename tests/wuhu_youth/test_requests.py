"""What every request passes through: an id, a log line without its query, the end of an idle session."""

import pytest
import structlog
import time_machine
from django.contrib.auth import get_user_model

from wuhu_youth.middleware import BACKGROUND_HEADER, REQUEST_ID_HEADER, client_address


def test_each_request_gets_an_id_of_its_own(client):
    first, second = (client.get("/healthz").headers[REQUEST_ID_HEADER] for _ in range(2))
    assert first != second


def test_the_id_of_a_proxy_is_kept_when_it_looks_like_one(client):
    kept = client.get("/healthz", headers={REQUEST_ID_HEADER: "abcdef-0123456789"})
    assert kept.headers[REQUEST_ID_HEADER] == "abcdef-0123456789"
    refused = client.get("/healthz", headers={REQUEST_ID_HEADER: "张小海 340207201501011234"})
    assert refused.headers[REQUEST_ID_HEADER].isascii()


def test_the_access_log_holds_the_path_without_its_query(client, db):
    with structlog.testing.capture_logs() as lines:
        client.get("/nowhere/?q=张小海")
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["path"], line["method"]) == ("/nowhere/", "GET")
    assert "张小海" not in str(lines)


@pytest.mark.parametrize(
    ("count", "forwarded", "address"),
    [
        (0, "1.2.3.4", "127.0.0.1"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (1, "", "127.0.0.1"),
    ],
)
def test_only_what_trusted_proxies_say_of_the_clients_address_is_believed(
    rf, settings, count, forwarded, address
):
    settings.PROXY_COUNT = count
    assert client_address(rf.get("/", headers={"X-Forwarded-For": forwarded})) == address


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_a_session_lives_while_its_person_acts_and_ends_a_quarter_of_an_hour_after(client, db):
    with time_machine.travel("2026-11-24 08:00", tick=False) as clock:
        user = get_user_model().objects.create_user("wangshanshan", None, name="汪珊珊")
        client.force_login(user)
        for _ in range(4):
            clock.shift(10 * 60)
            client.get("/healthz")
            assert is_signed_in(client)
        clock.shift(16 * 60)
        assert not is_signed_in(client)


def test_a_page_that_polls_by_itself_does_not_keep_a_session_alive(client, db):
    with time_machine.travel("2026-11-24 08:00", tick=False) as clock:
        user = get_user_model().objects.create_user("wangshanshan", None, name="汪珊珊")
        client.force_login(user)
        client.get("/healthz")
        for _ in range(3):
            clock.shift(11 * 60)
            client.get("/healthz", headers={BACKGROUND_HEADER: "1"})
        assert not is_signed_in(client)


def test_a_busy_session_is_written_once_a_minute(client, db, django_assert_num_queries):
    with time_machine.travel("2026-11-24 08:00", tick=False):
        user = get_user_model().objects.create_user("wangshanshan", None, name="汪珊珊")
        client.force_login(user)
        client.get("/healthz")
        # The session and its user are read, nothing is written.
        with django_assert_num_queries(2):
            client.get("/healthz")


def test_nothing_but_our_own_scripts_and_styles_may_run(client):
    policy = client.get("/healthz").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
