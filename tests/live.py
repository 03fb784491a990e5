"""A real Redis, Celery worker and beat for tests marked `live`: processes of their own on the test's database."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from wuhu_youth import embedded
from wuhu_youth.celery import app

START_SECONDS = 60


@dataclass
class LiveWork:
    """The running parts. Redis can be stopped and started again in the middle of a test."""

    place: embedded.Place
    environment: dict[str, str]
    logs: Path

    def start_redis(self) -> None:
        embedded.prepare(self.place)  # another run of pytest may have closed the folders above since
        embedded.ensure_redis(self.place, dies_with_us=True)

    def stop_redis(self) -> None:
        embedded.stop(self.place)

    @contextlib.contextmanager
    def part(self, *arguments: str) -> Iterator[None]:
        """Run `celery ARGUMENTS` until the block ends."""
        log = self.logs / f"{arguments[0]}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "--app", "wuhu_youth", *arguments],
                cwd=embedded.BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=embedded.die_with_parent,  # noqa: PLW1509 - Playwright's threads hold none of our locks
            )
        try:
            yield
            assert process.poll() is None, log.read_text()
        finally:
            # SIGQUIT is Celery's cold shutdown: it ends its children and does not wait for tasks.
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, 9)
                process.wait(5)

    def log(self, part: str) -> str:
        return (self.logs / f"{part}.log").read_text()


def wait_for(fact: Callable[[], Any], seconds: float, *, what: str) -> Any:
    """Ask until `fact()` is true and return its value; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := fact()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.1)
    return value


@pytest.fixture
def live_work(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[LiveWork]:
    """A worker, ready, and a beat; this process publishes to them instead of running tasks itself."""
    place = embedded.Place(tmp_path)
    embedded.prepare(place)
    environment = {
        **os.environ,
        "TESTING": "off",
        "DATABASE_URL": os.environ["DATABASE_URL"].replace(
            f"/{embedded.DATABASE}?", f"/{connection.settings_dict['NAME']}?"
        ),
        "REDIS_URL": place.redis_url,
    }
    work = LiveWork(place, environment, tmp_path)
    before = {name: getattr(app.conf, name) for name in ("task_always_eager", "broker_url")}
    settings.REDIS_URL = place.redis_url
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": place.redis_url}}
    settings.CELERY_TASK_ALWAYS_EAGER = False
    app.conf.update(
        task_always_eager=False,
        broker_url=place.redis_url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host="),
    )
    try:
        work.start_redis()
        worker = ("worker", "--concurrency", "1", "--without-gossip", "--without-mingle")
        beat = ("beat", "--schedule", str(tmp_path / "schedule"), "--pidfile", "")
        with work.part(*worker), work.part(*beat):
            wait_for(lambda: "ready" in work.log("worker"), START_SECONDS, what="the worker is ready")
            yield work
    finally:
        work.stop_redis()
        app.conf.update(before)
        app.close()
