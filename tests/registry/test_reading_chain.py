"""The chain of readings 查阅记录链: nothing is altered, removed or slipped in unseen; months are kept three years."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from grids import tasks
from grids.models import User
from registry.city.loading import empty
from registry.models import Reading, ReadingBlock
from registry.reading_chain import MonthStays, drop_month, make_months, seal, verify

pytestmark = pytest.mark.django_db


def run(sql: str, *params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        return cursor.fetchall() if cursor.description else []


def tamper(sql: str, *params: Any) -> None:
    """What somebody does who owns the database and switches its triggers off."""
    run("SET LOCAL session_replication_role = replica")
    run(sql, *params)
    run("SET LOCAL session_replication_role = origin")


@pytest.fixture
def look(wang_shanshan: User) -> Callable[..., Reading]:
    def looked(**fields: Any) -> Reading:
        values = {
            "by": wang_shanshan, "post": "网格员", "page": "youth", "subject": "youth", "count": 1,
            "subject_ids": [UUID(int=7)], "request_id": "r",
        }  # fmt: skip
        return Reading.objects.create(**(values | fields))

    return looked


@pytest.fixture
def sealed(look: Callable[..., Reading]) -> list[Reading]:
    rows = [look() for _ in range(5)]
    assert seal(block_rows=2) == 5
    return rows


def verified(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """(exit code, what verify_readings prints)."""
    capsys.readouterr()
    code = 0
    try:
        call_command("verify_readings", "--json")
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(capsys.readouterr().out)


def test_what_was_read_is_sealed_by_the_sweep_and_verifies(
    look: Callable[..., Reading], capsys: pytest.CaptureFixture[str]
) -> None:
    look()
    assert verify().unsealed == 1
    tasks.sweep()
    look(page="youths")
    tasks.sweep()
    tasks.sweep()
    code, found = verified(capsys)
    assert (code, found["ok"], found["readings"], found["blocks"], found["unsealed"]) == (0, True, 2, 2, 0)
    assert len(found["head"]) == 64


def test_an_empty_log_verifies(capsys: pytest.CaptureFixture[str]) -> None:
    assert seal() == 0
    assert verified(capsys)[0] == 0


def test_each_block_carries_the_hash_of_the_one_before(sealed: list[Reading]) -> None:
    blocks = list(ReadingBlock.objects.everyone(because="test"))
    assert [block.id for block in blocks] == [1, 2, 3]
    assert [bytes(block.previous) for block in blocks] == [bytes(32), *(bytes(b.hash) for b in blocks[:2])]
    assert [key for block in blocks for key in block.reading_ids] == [row.pk for row in sealed]


def test_a_reading_that_commits_late_is_sealed_by_the_next_block(
    sealed: list[Reading], look: Callable[..., Reading]
) -> None:
    look(id=sealed[0].pk - 1)
    assert seal() == 1
    assert verify().ok


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE registry_reading SET subject_ids = '{}' WHERE id = %s", "altered"),
        ("UPDATE registry_reading SET at = at + interval '1 second' WHERE id = %s", "altered"),
        ("UPDATE registry_reading SET by_id = (SELECT id FROM grids_user WHERE username = 'auditor') WHERE id = %s",
         "altered"),
        ("DELETE FROM registry_reading WHERE id = %s", "removed"),
    ],
)  # fmt: skip
def test_an_altered_or_removed_reading_is_found(
    sealed: list[Reading], auditor: User, change: str, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(change, sealed[2].pk)
    code, found = verified(capsys)
    assert (code, found["ok"]) == (1, False)
    assert found[fault] == {"count": 1, "examples": [sealed[2].pk]}
    assert sum(found[one]["count"] for one in ("altered", "removed", "inserted", "broken_blocks")) == 1


def test_a_reading_slipped_in_with_an_old_date_is_found(
    sealed: list[Reading], look: Callable[..., Reading]
) -> None:
    slipped = look(at=timezone.now() - timedelta(hours=3))
    assert seal() == 0
    found = verify()
    assert (found.ok, found.inserted) == (False, [slipped.pk])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE registry_readingblock SET reading_ids = '{1}' WHERE id = 2",
        "UPDATE registry_readingblock SET digests = 'x' WHERE id = 2",
        "UPDATE registry_readingblock SET hash = 'x' WHERE id = 2",
        "UPDATE registry_readingblock SET month = '2020-01-01' WHERE id = 2",
        "DELETE FROM registry_readingblock WHERE id = 2",
    ],
)
def test_a_block_that_was_altered_or_removed_is_found(sealed: list[Reading], change: str) -> None:
    tamper(change)
    found = verify()
    assert not found.ok
    assert 2 in found.broken_blocks


def test_readings_and_blocks_are_neither_changed_nor_removed(sealed: list[Reading]) -> None:
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET LOCAL wuhu_youth.new_city = 'off'")
    [[part]] = run("SELECT tableoid::regclass::text FROM registry_reading LIMIT 1")
    for change in (
        "UPDATE registry_reading SET count = 9",
        "DELETE FROM registry_reading",
        "TRUNCATE registry_reading",
        f"UPDATE {part} SET count = 9",  # noqa: S608 - a name that the database gave
        f"DELETE FROM {part}",  # noqa: S608 - likewise
        f"TRUNCATE {part}",
        "UPDATE registry_readingblock SET month = '2020-01-01'",
        "DELETE FROM registry_readingblock",
        "TRUNCATE registry_readingblock",
    ):
        with pytest.raises(DatabaseError, match="只能追加"), transaction.atomic():
            run(change)
    assert verify().ok


def test_only_a_new_city_in_its_place_empties_them(sealed: list[Reading]) -> None:
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET LOCAL wuhu_youth.new_city = 'off'")
    empty()
    assert not Reading.objects.everyone(because="test").exists()


# --- Months


def midnight(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=timezone.get_default_timezone())


def part_of(row: Reading) -> str:
    [[name]] = run("SELECT tableoid::regclass::text FROM registry_reading WHERE id = %s", row.pk)
    return str(name)


def test_readings_lie_in_the_table_of_their_month(look: Callable[..., Reading]) -> None:
    assert part_of(look()) == f"registry_reading_{timezone.localdate():%Y_%m}"


def test_months_are_made_ahead(look: Callable[..., Reading]) -> None:
    make_months(today=date(2031, 11, 30))
    make_months(today=date(2031, 12, 1))
    for month in (11, 12):
        assert part_of(look(at=midnight(2031, month, 1))) == (f"registry_reading_2031_{month}")
    assert part_of(look(at=midnight(2032, 3, 31))).endswith("2032_03")
    assert part_of(look(at=midnight(2032, 4, 1))) == "registry_reading_other"


OLD = date(2020, 5, 1)


@pytest.fixture
def old_month(look: Callable[..., Reading]) -> list[Reading]:
    make_months(today=OLD)
    rows = [look(at=midnight(2020, 5, day)) for day in (1, 31)]
    seal()
    return rows


def test_a_month_is_dropped_when_three_years_are_over_and_the_chain_says_so(
    old_month: list[Reading], look: Callable[..., Reading], auditor: User, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = look()
    seal()
    run("SET CONSTRAINTS ALL IMMEDIATE")
    call_command("drop_readings", "2020-05", "--by", auditor.username)
    assert "2 条" in capsys.readouterr().out
    assert [row.pk for row in Reading.objects.everyone(because="test")] == [kept.pk]
    last = ReadingBlock.objects.everyone(because="test").get(drops_month=True)
    assert (last.month, last.by) == (OLD, auditor)
    look()
    seal()
    assert verify().ok
    tamper("UPDATE registry_readingblock SET by_id = NULL WHERE id = %s", last.pk)
    assert verify().broken_blocks == [last.pk]


def test_a_month_stays_for_three_years(old_month: list[Reading], auditor: User) -> None:
    with pytest.raises(MonthStays, match="没有到期"):
        drop_month(OLD, by=auditor, today=date(2023, 5, 31))
    with pytest.raises(CommandError, match="没有到期"):
        call_command("drop_readings", f"{timezone.localdate():%Y-%m}", "--by", auditor.username)


def test_a_month_that_does_not_verify_stays(old_month: list[Reading], auditor: User) -> None:
    tamper("DELETE FROM registry_reading WHERE id = %s", old_month[0].pk)
    with pytest.raises(MonthStays, match="核验不通过"):
        drop_month(OLD, by=auditor)
