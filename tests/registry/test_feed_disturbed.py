"""However the nights go (twice, broken off, taken back and sent again, at the same time): the same register."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grids.models import User
from registry.feeds.batches import AlreadyApplied, Order, load
from registry.feeds.undo import undo
from registry.invariants import findings
from registry.models import Batch, Dwelling, Resident
from tests.factories import HUAQIANG, YINHU, make_dwelling, make_resident, make_youth
from tests.registry.test_feed_kinds import DWELLINGS, FACTS, GUARDIANSHIPS, WHAT_THE_CITY_HOLDS, rows_of
from tests.registry.test_load_feed import COLUMNS, RESIDENT_COLUMNS, ago, key, write

GRIDS = [f"{HUAQIANG}001", f"{HUAQIANG}002", f"{YINHU}001"]
FOLLOWING = [
    """SELECT r.name, m.kind, m.from_grid_id, m.to_grid_id, m.moved_on, m.corrected_at IS NULL
       FROM registry_move m JOIN registry_resident r ON r.id = m.resident_id
       WHERE m.voided_at IS NULL ORDER BY 1, 5, 2""",
    """SELECT y.name, h.state, h.from_grid_id, h.to_grid_id
       FROM registry_handover h JOIN registry_youth y ON y.id = h.youth_id
       WHERE h.state IN ('offered', 'escalated') ORDER BY 1""",
    "SELECT name, grid_id, lives_in, school, guardian, moved_on FROM registry_youth ORDER BY 1",
    "SELECT r.name, p.grid_id FROM registry_presence p JOIN registry_resident r ON r.id = p.resident_id ORDER BY 1",
]
DISTURBANCES = st.sampled_from(["plain", "twice", "rehearsed", "broken off", "taken back"])


class Nights:
    """What four departments send, in an order that each of them keeps."""

    def __init__(self, folder: Path, by: User) -> None:
        self.folder, self.by = folder, by
        homes = [make_dwelling(code) for code in GRIDS]
        people = [
            make_youth(f"张小{name}", age=9, dwelling=home).resident
            for name, home in zip("甲乙丙", homes, strict=True)
        ]
        father = make_resident("张大海", age=38, dwelling=homes[0])
        doors = [home.code for home in homes]
        self.files = [
            self._file("housing", "dwellings", DWELLINGS, [
                ["新门", GRIDS[2], "翠竹园", "9栋", "", "101", "芜湖市", "", ""],
                [doors[0], GRIDS[0], "松竹园", "", "", "", "芜湖市松竹园", "", ""],
            ]),
            self._file("police", "residents", RESIDENT_COLUMNS, [
                ["", "P1", "王五", "男", ago(4000), "", "H9", "户主", ""],
                [key(people[0]), "", "张小甲子", "", "", "", "", "", ""],
            ]),
            self._file("police", "residences", COLUMNS, [
                [key(people[0]), "", doors[1], ago(9), ""],
                [key(people[1]), "", "", ago(9), "310115"],
                ["", "P1", doors[0], ago(9), ""],
                [key(father), "", doors[2], ago(8), ""],
            ]),
            self._file("civil_affairs", "guardianships", GUARDIANSHIPS, [
                [key(people[0]), key(father), "张大海", "51", "父母", "外出务工", "310115", ago(300), ""],
            ]),
            self._file("education", "facts", FACTS, [[key(people[2]), "在学", ago(80), "", "湾里小学", "", ""]]),
            self._file("police", "residences", COLUMNS, [
                [key(people[0]), "", doors[0], ago(5), ""],
                [key(people[1]), "", doors[2], ago(9), ""],
                [key(people[2]), "", doors[1], ago(5), ""],
            ]),
            self._file("civil_affairs", "guardianships", GUARDIANSHIPS, [
                [key(people[0]), key(father), "张大海", "51", "父母", "在家", "", ago(3), ""],
            ]),
        ]  # fmt: skip

    def _file(self, source: str, kind: str, columns: list[str], rows: list[list[Any]]) -> Order:
        number = len(list(self.folder.iterdir()))
        path = write(self.folder / f"{number}.csv", rows, columns)
        return Order(kind=kind, path=path, source=source, as_of=timezone.localdate(), by=self.by)

    def send(self, order: Order, how: str, at: int = 0) -> None:
        if how == "rehearsed":
            load(Order(**{**order.__dict__, "dry_run": True}))
        if how == "broken off":
            with suppress(_BrokenOff), connection.execute_wrapper(_break_at(at)):
                load(order)
        with suppress(AlreadyApplied):
            load(order)
        if how == "twice":
            with pytest.raises(AlreadyApplied):
                load(order)
        if how == "taken back":
            undo(Batch.objects.filter(state="applied").latest("created_at"), by=self.by)
            load(order)

    @staticmethod
    def outcome() -> list[list[tuple[Any, ...]]]:
        return [rows_of(sql) for sql in (*WHAT_THE_CITY_HOLDS, *FOLLOWING)]


class _BrokenOff(Exception):
    pass


def _break_at(count: int) -> Callable[..., Any]:
    """The connection is lost at the so-manieth statement."""
    left = [count]

    def wrapper(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise _BrokenOff
        return execute(sql, params, many, context)

    return wrapper


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hows=st.lists(DISTURBANCES, min_size=7, max_size=7), at=st.integers(1, 60))
def test_disturbed_nights_end_like_undisturbed_ones(
    hows: list[str], at: int, tmp_path_factory: pytest.TempPathFactory, city_cadre: User, wang_shanshan: User
) -> None:
    def run(plan: list[str]) -> list[list[tuple[Any, ...]]]:
        for order, how in zip(nights.files, plan, strict=True):
            nights.send(order, how, at)
        assert [finding["check"] for finding in findings() if not finding["ok"]] == []
        return nights.outcome()

    with transaction.atomic():
        nights = Nights(tmp_path_factory.mktemp("nights"), city_cadre)
        with transaction.atomic():
            undisturbed = run(["plain"] * 7)
            transaction.set_rollback(True)
        assert run(hows) == undisturbed
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_two_departments_at_once_and_one_file_twice_at_once_lose_and_double_nothing(
    tmp_path: Path, city_cadre: User, wang_shanshan: User
) -> None:
    nights = Nights(tmp_path, city_cadre)
    for order in nights.files[:2]:
        nights.send(order, "plain")
    police, civil_affairs, education = nights.files[2:5]
    start = threading.Barrier(4)

    def send(order: Order) -> str:
        start.wait(timeout=10)
        try:
            load(order)
        except AlreadyApplied:
            return "applied already"
        finally:
            connection.close()
        return "applied"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, [police, police, civil_affairs, education], timeout=60))
    assert sorted(answers[:2]) == ["applied", "applied already"]
    assert answers[2:] == ["applied", "applied"]
    assert Batch.objects.filter(state="applied").count() == 5
    assert [finding["check"] for finding in findings() if not finding["ok"]] == []
    assert Resident.objects.everyone(because="test").filter(name="王五").count() == 1
    assert Dwelling.objects.everyone(because="test").filter(code="新门").count() == 1
    assert timezone.localdate() - timedelta(days=9) in [
        row[0] for row in rows_of("SELECT moved_on FROM registry_move")
    ]
