"""Alerts: one per event and addressee, told at once, lost by nothing."""

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from grids import alerts, counters, delivery, tasks
from grids.models import Alert, User
from tests.cast import SignIn

pytestmark = pytest.mark.django_db
LIVE = "/alerts/live/"


@pytest.fixture(autouse=True)
def _redis_is_well_again() -> Iterator[None]:
    """What one test does to Redis is not remembered in the next."""
    yield
    counters.gate.reset()


@pytest.fixture
def dead_redis(settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock?db=0"
    settings.CELERY_TASK_ALWAYS_EAGER = False


def tell(*people: User, event: str = "", **fields: Any) -> int:
    given = {"kind": Alert.Kind.HANDOVER_OFFERED, "text": "陈*妍迁入第1网格，请接收", "path": "/moves/"}
    return alerts.raise_alert(
        event_key=event or f"handover:{uuid4()}:offered", addressees=people, **{**given, **fields}
    )


def only_alert() -> Alert:
    return Alert.objects.get()


class TestRaising:
    def test_an_event_tells_each_addressee_once(self, yang_ying: User, wang_shanshan: User) -> None:
        assert tell(yang_ying, wang_shanshan, yang_ying, event="handover:1:offered") == 2
        assert tell(yang_ying, wang_shanshan, event="handover:1:offered") == 0
        assert Alert.objects.count() == 2

    def test_whoever_joins_later_is_told_alone(self, yang_ying: User, wang_shanshan: User) -> None:
        tell(yang_ying, event="handover:1:offered")
        assert tell(yang_ying, wang_shanshan.pk, event="handover:1:offered") == 1  # type: ignore[arg-type]

    def test_nobody_to_tell_is_no_error(self) -> None:
        assert tell() == 0

    def test_it_goes_with_the_event_that_fails(self, yang_ying: User) -> None:
        with transaction.atomic():
            tell(yang_ying)
            transaction.set_rollback(True)
        assert not Alert.objects.exists()

    def test_settling_an_event_ends_all_its_alerts_and_no_others(
        self, yang_ying: User, wang_shanshan: User
    ) -> None:
        tell(yang_ying, event="handover:1:offered")
        tell(wang_shanshan, event="handover:1:leaving")
        tell(wang_shanshan, event="handover:12:offered")
        assert alerts.settle("handover:1:") == 2
        assert [a.event_key for a in Alert.objects.open()] == ["handover:12:offered"]
        assert alerts.settle("handover:1:") == 0

    def test_settling_can_name_the_people_it_is_no_longer_for(
        self, yang_ying: User, wang_shanshan: User
    ) -> None:
        tell(yang_ying, wang_shanshan, event="handover:1:offered")
        assert alerts.settle("handover:1:", addressees=[yang_ying.pk]) == 1
        assert Alert.objects.open().get().addressee == wang_shanshan

    def test_an_empty_prefix_is_refused(self) -> None:
        with pytest.raises(ValueError, match="every alert"):
            alerts.settle("")


class TestPolling:
    def test_a_page_that_knows_the_version_gets_204_for_two_statements(
        self,
        sign_in: SignIn,
        yang_ying: User,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            tell(yang_ying)
        client = sign_in(yang_ying)
        first = client.get(LIVE)
        assert first.status_code == 200
        assert '<span id="alert-count">1</span>' in first.content.decode()
        assert "陈*妍迁入第1网格" in first.content.decode()
        with django_assert_num_queries(2):  # the session and the user: nothing of the inbox
            again = client.get(LIVE, headers={"X-Alerts-Version": first["X-Alerts-Version"]})
        assert (again.status_code, again.content) == (204, b"")

    def test_the_fragment_costs_a_few_statements_whatever_the_inbox_holds(
        self, sign_in: SignIn, yang_ying: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = sign_in(yang_ying)
        for _ in range(30):
            tell(yang_ying)
        with django_assert_num_queries(9):  # session, user, counter, frame 2, alerts; a reading 3
            client.get(LIVE)

    @pytest.mark.parametrize("act", ["raised", "read", "settled"])
    def test_whatever_changes_the_inbox_changes_the_version(
        self,
        act: str,
        sign_in: SignIn,
        yang_ying: User,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        tell(yang_ying, event="handover:1:offered")
        client = sign_in(yang_ying)
        before = client.get(LIVE)["X-Alerts-Version"]
        with django_capture_on_commit_callbacks(execute=True):
            if act == "raised":
                tell(yang_ying)
            elif act == "read":
                alerts.mark_read(only_alert())
            else:
                alerts.settle("handover:1:")
        answer = client.get(LIVE, headers={"X-Alerts-Version": before})
        assert answer.status_code == 200

    def test_somebody_elses_alert_changes_nothing_for_me(
        self,
        sign_in: SignIn,
        yang_ying: User,
        wang_shanshan: User,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        client = sign_in(yang_ying)
        version = client.get(LIVE)["X-Alerts-Version"]
        with django_capture_on_commit_callbacks(execute=True):
            tell(wang_shanshan)
        assert client.get(LIVE, headers={"X-Alerts-Version": version}).status_code == 204

    def test_polling_never_prolongs_the_session(self, sign_in: SignIn, yang_ying: User) -> None:
        client = sign_in(yang_ying)
        before = client.session.get_expiry_date(), client.session.get("touched_at")
        answer = client.get(LIVE)
        assert "wuhu_youth_session" not in answer.cookies
        assert client.session.get("touched_at") == before[1]

    def test_redis_is_a_copy_sql_is_the_truth(
        self, sign_in: SignIn, yang_ying: User, dead_redis: None
    ) -> None:
        client = sign_in(yang_ying)
        first = client.get(LIVE)
        version = {"X-Alerts-Version": first["X-Alerts-Version"]}
        assert client.get(LIVE, headers=version).status_code == 204
        tell(yang_ying)
        assert client.get(LIVE, headers=version).status_code == 200

    def test_a_counter_from_redis_and_one_from_sql_say_the_same(self, yang_ying: User) -> None:
        tell(yang_ying)
        counters.rewrite([yang_ying.pk])
        kept = counters._read(yang_ying.pk)
        assert kept == counters.count([yang_ying.pk])[yang_ying.pk]
        assert kept is not None
        assert kept.unread == 1

    def test_who_sees_no_youths_has_nothing_to_poll(self, sign_in: SignIn, auditor: User) -> None:
        assert sign_in(auditor).get(LIVE).status_code == 403


class TestARedisThatIsDown:
    def test_neither_fails_nor_delays_the_request(
        self,
        yang_ying: User,
        dead_redis: None,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        started = time.monotonic()
        with django_capture_on_commit_callbacks(execute=True):
            tell(yang_ying)
        assert time.monotonic() - started < 0.5
        assert only_alert().delivered_at is None

    def test_one_that_hangs_holds_up_one_request_for_a_second_and_then_none(
        self,
        yang_ying: User,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            url = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
            settings.CELERY_TASK_ALWAYS_EAGER = False
            monkeypatch.setattr(tasks.poke.app.conf, "broker_url", url)
            monkeypatch.setattr(tasks.poke.app.conf, "broker_write_url", url)
            started = time.monotonic()
            with django_capture_on_commit_callbacks(execute=True):
                tell(yang_ying)
            assert time.monotonic() - started < 3
            started = time.monotonic()
            with django_capture_on_commit_callbacks(execute=True):
                tell(yang_ying)
            assert time.monotonic() - started < 0.5

    def test_the_sweep_makes_up_for_the_poke_that_was_lost(self, yang_ying: User) -> None:
        counters.rewrite([yang_ying.pk])  # what an old Redis still believes
        tell(yang_ying)
        assert counters.of(yang_ying.pk).unread == 0
        tasks.sweep()
        assert counters.of(yang_ying.pk).unread == 1
        assert only_alert().delivered_at is not None


class TestSweeping:
    def test_work_of_a_higher_app_that_fails_does_not_keep_the_rest_from_being_done(
        self, yang_ying: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            raise RuntimeError

        monkeypatch.setattr(alerts, "sweeps", {"fails": fail})
        tell(yang_ying)
        tasks.sweep()
        assert only_alert().delivered_at is not None

    def test_nightly_work_is_done_once_a_night(
        self, monkeypatch: pytest.MonkeyPatch, time_machine: Any
    ) -> None:
        done: list[int] = []
        monkeypatch.setattr(alerts, "sweeps", {})
        monkeypatch.setattr(alerts, "nightly", {"refresh": lambda: done.append(1)})
        for moment, times in (("02:00", 0), ("02:31", 1), ("09:00", 1)):
            time_machine.move_to(f"2026-11-24T{moment}:00+08:00")
            tasks.sweep()
            assert len(done) == times, moment
        time_machine.move_to("2026-11-25T03:00:00+08:00")
        tasks.sweep()
        assert len(done) == 2

    @pytest.mark.django_db(transaction=True)
    def test_two_sweeps_at_once_are_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        done: list[str] = []

        def sweep_meanwhile() -> None:
            done.append("outer")
            thread = threading.Thread(target=_sweep_in_another_connection)
            thread.start()
            thread.join()

        monkeypatch.setattr(alerts, "sweeps", {"once": sweep_meanwhile})
        tasks.sweep()
        assert done == ["outer"]


def _sweep_in_another_connection() -> None:
    try:
        tasks.sweep()
    finally:
        connections.close_all()


class Gateway(BaseHTTPRequestHandler):
    """A gateway that keeps what it hears, and answers what it is told to."""

    heard: list[tuple[dict[str, str], bytes]] = []
    status = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).heard.append((dict(self.headers.items()), body))
        self.send_response(type(self).status)
        if type(self).status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Quietly."""


@pytest.fixture
def gateway(settings: Settings) -> Iterator[type[Gateway]]:
    Gateway.heard, Gateway.status = [], 204
    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        settings.ALERT_WEBHOOK_URL = f"http://127.0.0.1:{server.server_port}/alerts"
        settings.ALERT_WEBHOOK_SECRET = "between us"
        yield Gateway
        server.shutdown()


class TestTheGateway:
    def test_hears_each_alert_once_signed_and_without_a_name(
        self, yang_ying: User, gateway: type[Gateway]
    ) -> None:
        tell(yang_ying, due_at=timezone.now() + timedelta(hours=24), subject_id=uuid4())
        assert delivery.deliver() == 1
        assert delivery.deliver() == 0
        ((headers, body),) = gateway.heard
        signed = hmac.new(
            b"between us", headers["X-Timestamp"].encode() + b"." + body, hashlib.sha256
        ).hexdigest()
        assert headers["X-Signature"] == f"sha256={signed}"
        assert headers["Idempotency-Key"] == str(only_alert().pk)
        assert json.loads(body) == {
            "id": str(only_alert().pk),
            "to": "huaqiang",
            "kind": "handover_offered",
            "text": "陈*妍迁入第1网格，请接收",
            "path": f"/alerts/{only_alert().pk}/",
            "due_at": only_alert().due_at.isoformat(),  # type: ignore[union-attr]
        }

    def test_a_refusal_is_tried_again_later_and_parked_after_five(
        self, yang_ying: User, gateway: type[Gateway], time_machine: Any
    ) -> None:
        gateway.status = 503
        now = timezone.now()
        time_machine.move_to(now)
        tell(yang_ying)
        for attempt, minutes in enumerate((0, 2, 5, 10, 20), start=1):
            time_machine.move_to(now + timedelta(minutes=minutes, seconds=5))
            delivery.deliver()
            delivery.deliver()
            assert len(gateway.heard) == attempt
        assert only_alert().parked_at is not None
        time_machine.move_to(now + timedelta(days=1))
        delivery.deliver()
        assert len(gateway.heard) == 5

    def test_a_parked_alert_can_be_tried_again(self, yang_ying: User, gateway: type[Gateway]) -> None:
        tell(yang_ying)
        Alert.objects.update(attempts=5, parked_at=timezone.now())
        assert delivery.deliver() == 0
        assert delivery.try_parked_again() == 1
        assert delivery.deliver() == 1

    def test_the_attempt_counts_although_the_worker_dies_in_it(
        self, yang_ying: User, gateway: type[Gateway], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def die(alert: Alert) -> None:
            raise SystemExit

        tell(yang_ying)
        monkeypatch.setattr(delivery, "send", die)
        with pytest.raises(SystemExit):
            delivery.deliver()
        assert only_alert().attempts == 1
        monkeypatch.undo()
        assert delivery.deliver() == 0, "leased until the next try is due"

    @pytest.mark.django_db(transaction=True)
    def test_an_alert_that_another_worker_holds_is_skipped(
        self, yang_ying: User, gateway: type[Gateway]
    ) -> None:
        tell(yang_ying)  # committed, and so sent at once
        Alert.objects.update(delivered_at=None, next_try_at=timezone.now() - timedelta(seconds=1))
        gateway.heard.clear()
        with transaction.atomic():
            list(Alert.objects.select_for_update())
            thread = threading.Thread(target=_deliver_in_another_connection)
            thread.start()
            thread.join(timeout=10)
            assert not thread.is_alive(), "waited for the other worker"
        assert gateway.heard == []

    def test_a_redirect_is_a_refusal(self, yang_ying: User, gateway: type[Gateway]) -> None:
        gateway.status = 302
        tell(yang_ying)
        assert delivery.deliver() == 0
        assert len(gateway.heard) == 1

    def test_what_is_settled_is_not_sent_any_more(self, yang_ying: User, gateway: type[Gateway]) -> None:
        tell(yang_ying, event="handover:1:offered")
        alerts.settle("handover:1:")
        assert delivery.deliver() == 0


def _deliver_in_another_connection() -> None:
    try:
        delivery.deliver()
    finally:
        connections.close_all()


class TestTheInbox:
    def test_opening_an_alert_marks_it_read_and_opens_its_page(
        self, sign_in: SignIn, yang_ying: User
    ) -> None:
        tell(yang_ying, path="/handovers/x/")
        answer = sign_in(yang_ying).get(f"/alerts/{only_alert().pk}/")
        assert answer["Location"] == "/handovers/x/"
        assert only_alert().read_at is not None
        assert only_alert().done_at is None

    def test_a_foreign_alert_and_a_missing_one_are_both_404(
        self, sign_in: SignIn, yang_ying: User, wang_shanshan: User
    ) -> None:
        tell(wang_shanshan)
        client = sign_in(yang_ying)
        for alert_id in (only_alert().pk, uuid4()):
            assert client.get(f"/alerts/{alert_id}/").status_code == 404
            assert client.post(f"/alerts/{alert_id}/done/").status_code == 404
            assert client.get(f"/alerts/?after={alert_id}").status_code == 404
        assert only_alert().read_at is None

    def test_what_only_informs_can_be_put_away(self, sign_in: SignIn, yang_ying: User) -> None:
        tell(yang_ying, wants_act=False)
        client = sign_in(yang_ying)
        answer = client.post(f"/alerts/{only_alert().pk}/done/", {"next": "/alerts/?state=unread"})
        assert answer["Location"] == "/alerts/?state=unread"
        assert only_alert().done_at is not None
        assert (
            client.post(f"/alerts/{only_alert().pk}/done/", {"next": "https://elsewhere.example"})["Location"]
            == "/alerts/"
        )

    def test_what_wants_an_act_is_done_by_the_act_alone(self, sign_in: SignIn, yang_ying: User) -> None:
        tell(yang_ying)
        answer = sign_in(yang_ying).post(f"/alerts/{only_alert().pk}/done/")
        assert answer["Location"] == f"/alerts/{only_alert().pk}/"
        assert only_alert().done_at is None

    def test_all_that_informs_is_read_at_once_and_what_wants_an_act_is_not(
        self, sign_in: SignIn, yang_ying: User
    ) -> None:
        tell(yang_ying, wants_act=False)
        tell(yang_ying)
        sign_in(yang_ying).post("/alerts/read/")
        assert Alert.objects.unread().get().wants_act

    def test_counts_are_the_lengths_of_the_lists_behind_them(self, sign_in: SignIn, yang_ying: User) -> None:
        tell(yang_ying, event="a:1")
        tell(yang_ying, event="a:2", kind=Alert.Kind.HANDOVER_LEAVING, wants_act=False)
        tell(yang_ying, event="b:1")
        alerts.settle("b:")
        alerts.mark_read(Alert.objects.get(event_key="a:2"))
        client = sign_in(yang_ying)
        for state, _, count in client.get("/alerts/").context["states"]:
            page = client.get(f"/alerts/?state={state}")
            assert len(page.context["page"].rows) == page.context["count"] == count, state
        for kind, _, count in client.get("/alerts/").context["kinds"]:
            assert len(client.get(f"/alerts/?kind={kind}").context["page"].rows) == count, kind

    def test_pages_follow_each_other_without_gap_or_repetition(
        self, sign_in: SignIn, yang_ying: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(60):
            tell(yang_ying)
        client, seen, url = sign_in(yang_ying), list[UUID](), "/alerts/"
        while url:
            page = client.get(url)
            seen += [a.pk for a in page.context["page"].rows]
            url = page.context["page"].next_url and "/alerts/" + page.context["page"].next_url
        assert len(seen) == len(set(seen)) == 60
        with django_assert_num_queries(11):  # a reading 3, session, user, posts, assignments, lists 3, badge
            client.get("/alerts/")

    @pytest.mark.parametrize("query", ["state=nonsense", "kind=nonsense"])
    def test_a_filter_that_does_not_exist_is_no_error(
        self, query: str, sign_in: SignIn, yang_ying: User
    ) -> None:
        assert sign_in(yang_ying).get(f"/alerts/?{query}").status_code == 200

    def test_an_empty_inbox_says_what_will_come(self, sign_in: SignIn, yang_ying: User) -> None:
        assert "没有待办的提醒" in sign_in(yang_ying).get("/alerts/").content.decode()
