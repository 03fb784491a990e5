"""The columns that lists read: equal to their sources, whoever writes at the same time."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.utils import timezone

from grids.models import User
from registry import moves, register_row
from registry.invariants import findings
from registry.models import Fact
from tests.factories import HUAQIANG, YINHU, make_dwelling, make_youth


@pytest.mark.django_db(transaction=True)
def test_a_refresh_that_waited_for_another_puts_nothing_old_back(
    yang_ying: User, wang_shanshan: User, city_cadre: User
) -> None:
    youth = make_youth(grid=f"{HUAQIANG}001")
    new_home = make_dwelling(f"{YINHU}001")

    def tell_of_school() -> None:
        try:
            with transaction.atomic():
                Fact.objects.create(resident=youth.resident, kind="in_school", starts_on=timezone.localdate())
                register_row.refresh([youth.pk])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            moves.report_move(
                resident=youth.resident, dwelling=new_home, moved_on=timezone.localdate(), by=yang_ying
            )
            told = pool.submit(tell_of_school)
            _wait_until_somebody_waits()
        told.result(timeout=30)
    youth.refresh_from_db()
    assert (youth.lives_in, youth.school) == (new_home.grid_id, "in_school")
    assert [finding["check"] for finding in findings() if not finding["ok"]] == []


def test_refreshing_everything_mends_what_differs_and_nothing_else(db: None) -> None:
    youth, _ = make_youth(grid=f"{HUAQIANG}001"), make_youth("李雪", grid=f"{HUAQIANG}001")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_youth SET school = 'in_school' WHERE id = %s", [youth.pk])
    assert register_row.refresh(None) == 1
    assert register_row.refresh(None) == 0
    youth.refresh_from_db()
    assert youth.school == "unknown"


def _wait_until_somebody_waits() -> None:
    for _ in range(300):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    pytest.fail("nobody waited for the lock")
