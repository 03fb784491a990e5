"""Starts a PostgreSQL and a Redis for this run of pytest alone, before Django reads its settings.

Loaded by `-p tests.servers`, since a conftest comes too late. They live in a temporary folder, so runs side by side
never meet; workers of pytest-xdist use those of the process that started them, each with a database of its own.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from wuhu_youth import embedded

# Nothing here outlives the run, so nothing need reach the disk; and emptying a table looks through all buffers.
_FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "128MB",
}
_PLACE = "WUHU_YOUTH_TEST_SERVERS"

_started: embedded.Place | None = None


def _start() -> embedded.Place:
    place = embedded.Place(Path(tempfile.mkdtemp(prefix="wuhu-youth-tests-")))
    embedded.prepare(place)
    embedded.ensure_postgres(place, extra=_FAST, dies_with_us=True)
    embedded.ensure_redis(place, dies_with_us=True)
    return place


def _environment(place: embedded.Place) -> dict[str, str]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    redis_database = int(worker.removeprefix("gw")) + 1 if worker else 0
    return {
        "TESTING": "on",
        "DATABASE_URL": place.database_url,
        "REDIS_URL": place.redis_url.replace("db=0", f"db={redis_database}"),
        "SECRET_KEY": "tests-only",
        "FIELD_KEYS": f"1:{'11' * 32},index:{'22' * 32}",
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
        "FILES_ROOT": str(place.root / "files" / (worker or "main")),
        # Playwright runs an event loop in the thread of the tests; Django takes that for asynchronous code.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Runs around pytest-django's hook of the same name, which loads the settings."""
    global _started  # noqa: PLW0603 - one per process, by its nature
    if _PLACE in os.environ:
        place = embedded.Place(Path(os.environ[_PLACE]))
    else:
        place = _started = _start()
        os.environ[_PLACE] = str(place.root)
    os.environ.update(_environment(place))
    yield


def pytest_unconfigure() -> None:
    global _started  # noqa: PLW0603
    if _started:
        embedded.stop(_started, immediately=True)
        shutil.rmtree(_started.root, ignore_errors=True)
        os.environ.pop(_PLACE, None)
        _started = None
