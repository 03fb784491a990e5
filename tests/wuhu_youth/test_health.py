"""`/healthz` and `/readyz`, open to everybody, telling nothing but whether the parts work."""

import time

import pytest
import redis
from django.core.management.base import SystemCheckError

from registry import seal_ledger
from wuhu_youth.celery import HEARTBEAT_KEY, beat_heart
from wuhu_youth.checks import refuse_older_database


def test_the_process_lives_without_any_server(client, settings):
    settings.REDIS_URL = "unix:///nowhere.sock"
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_the_site_is_not_ready_until_a_worker_has_worked(client, settings):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "broker": "ok", "worker": "down", "seals": "ok"}

    settings.CELERY_TASK_ALWAYS_EAGER = False
    beat_heart()
    assert client.get("/readyz").json() == {"database": "ok", "broker": "ok", "worker": "ok", "seals": "ok"}


@pytest.mark.django_db
def test_a_worker_that_has_been_silent_for_minutes_counts_as_down(client, settings):
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.set(HEARTBEAT_KEY, int(time.time()) - 300)
    assert client.get("/readyz").json()["worker"] == "down"


@pytest.mark.django_db
def test_a_dead_broker_is_told_at_once_and_does_not_hang_the_page(client, settings):
    settings.REDIS_URL = "unix:///nowhere.sock"
    started = time.monotonic()
    answer = client.get("/readyz")
    assert answer.json() == {"database": "ok", "broker": "down", "worker": "down", "seals": "ok"}
    assert time.monotonic() - started < 1


@pytest.mark.django_db
def test_a_database_older_than_the_ledger_of_seals_does_not_open(client):
    seal_ledger.add(seal_ledger.SEALED, "00000000-0000-4000-8000-000000000001")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["seals"]) == (503, "down")
    with pytest.raises(SystemCheckError, match="replay_seals"):
        refuse_older_database()
    seal_ledger.begin_anew()
    assert client.get("/readyz").json()["seals"] == "ok"
    refuse_older_database()


@pytest.mark.django_db
def test_a_ledger_that_was_tampered_with_does_not_open(client):
    seal_ledger.path().write_text("AAAA\n")
    assert client.get("/readyz").json()["seals"] == "down"
    with pytest.raises(SystemCheckError, match="台账"):
        refuse_older_database()
