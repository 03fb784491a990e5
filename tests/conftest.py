"""What every test stands on. The people of the tests are in tests/cast.py, their factories in tests/factories.py."""

import os
from collections.abc import Generator
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection, models, transaction
from pytest_django.plugin import blocking_manager_key

from tests.browsers import chromium
from tests.cast import *  # noqa: F403
from tests.live import live_work  # noqa: F401 - a fixture

LOADED_ROWS = pytest.StashKey[dict[type[models.Model], list[models.Model]]]()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """The cache is a real Redis: without this a test would find what the one before it left."""
    cache.clear()


@pytest.fixture(autouse=True)
def _own_ledger(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The ledger of seals lies outside the database, and each test begins with none."""
    settings.SEAL_LEDGER = tmp_path_factory.getbasetemp() / f"seal-ledger-{uuid4().hex}"


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> None:
    """Keeps what the migrations load (divisions, counties, categories, sources, …) for after a committing test."""
    with django_db_blocker.unblock():
        _let_tables_be_emptied()
        request.config.stash[LOADED_ROWS] = {
            model: rows
            for model in apps.get_models()
            if model._meta.managed
            and model._meta.app_label not in ("contenttypes", "auth")
            and (rows := list(model._base_manager.all()))
        }


def _let_tables_be_emptied() -> None:
    """Readings refuse TRUNCATE, with which a committing test is cleared away: here every table starts a new city."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET wuhu_youth.new_city = 'on'")
        cursor.execute("SET wuhu_youth.new_city = 'on'")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """A test that commits (`transaction=True`, a live server) leaves empty tables: the next one finds them filled."""
    yield
    marker = item.get_closest_marker("django_db")
    commits = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    if commits or (marker and marker.kwargs.get("transaction")):
        with item.config.stash[blocking_manager_key].unblock(), transaction.atomic():
            for model, rows in item.config.stash.get(LOADED_ROWS, {}).items():
                model._base_manager.bulk_create(rows, ignore_conflicts=True)


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
