"""What every test stands on. The people of the tests are in tests/cast.py, their factories in tests/factories.py."""

import os
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection

from grids.models import Division
from tests.browsers import chromium
from tests.cast import *  # noqa: F403
from tests.live import live_work  # noqa: F401 - a fixture


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """The cache is a real Redis: without this a test would find what the one before it left."""
    cache.clear()


@pytest.fixture(autouse=True)
def _reference_rows(request: pytest.FixtureRequest) -> None:
    """A test that commits (`transaction=True`, a live server) leaves empty tables: the next one gets divisions,

    counties, categories and sources again, by the functions of the migrations that loaded them first.
    """
    marker = request.node.get_closest_marker("django_db")
    commits = {"transactional_db", "live_server"} & set(request.fixturenames)
    if not commits and not (marker and marker.kwargs.get("transaction")):
        return
    request.getfixturevalue("transactional_db")
    if not Division.objects.exists():
        with connection.schema_editor() as editor:
            import_module("grids.migrations.0003_load_divisions").load(apps, editor)
            import_module("registry.migrations.0004_reference_rows").load(apps, editor)
            import_module("registry.migrations.0010_which_fact_counts").load(apps, editor)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Playwright with the Chromium of this machine. Without one the test is skipped; in CI it fails."""
    path = chromium()
    if path is None:
        message = "no Chromium: install one or name it in CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": path, "args": arguments}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of large cities take minutes: they run when asked for (`-m scale`)."""
    if "scale" in config.getoption("markexpr", ""):
        return
    left_out = [item for item in items if item.get_closest_marker("scale")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
