"""Residences 居住记录 and moves 迁移, as the database holds them: periods stay apart, and what is named exists."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from registry.models import Batch, Dwelling, Move, Residence, Source
from tests.factories import HUAQIANG, YINHU, make_dwelling, make_residence, make_resident

pytestmark = pytest.mark.django_db

MARCH, MAY, JUNE, JULY = (date(2026, month, 1) for month in (3, 5, 6, 7))


def refused(statement: str, *parameters: Any) -> str:
    """The words with which the database refuses a statement, of whatever program."""
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    return str(error.value)


@pytest.fixture
def lived() -> Residence:
    """张小海 lived at one door from March to June, and since July lives at another."""
    person = make_resident("张小海", age=9, dwelling=make_dwelling(f"{HUAQIANG}001"), since=JULY)
    return make_residence(person, make_dwelling(f"{YINHU}001"), starts_on=MARCH, ends_on=JUNE)


def moved_into(door: Dwelling, lived: Residence) -> Move:
    """A move of which nothing else tells."""
    return Move.objects.create(
        resident=lived.resident, kind="in", to_dwelling=door, to_grid_id=door.grid_id, moved_on=JULY
    )


def test_nobody_lives_at_two_doors_on_one_day(lived: Residence) -> None:
    insert = (
        "INSERT INTO registry_residence (resident_id, dwelling_id, starts_on, ends_on)"
        " SELECT resident_id, dwelling_id, %s, %s FROM registry_residence WHERE id = %s"
    )
    assert "不能重叠" in refused(insert, MAY, JULY, lived.pk)
    with connection.cursor() as cursor:
        cursor.execute(insert, [JUNE, JULY, lived.pk])


def test_a_period_that_grows_over_the_next_is_refused_and_one_that_shrinks_is_not(lived: Residence) -> None:
    grow = "UPDATE registry_residence SET ends_on = ends_on + %s WHERE id = %s"
    assert "不能重叠" in refused(grow, 40, lived.pk)
    begin = "UPDATE registry_residence SET starts_on = %s WHERE resident_id = %s AND ends_on IS NULL"
    assert "不能重叠" in refused(begin, MAY, lived.resident_id)
    with connection.cursor() as cursor:
        cursor.execute(grow, [-10, lived.pk])
        cursor.execute(grow, [20, lived.pk])


def test_a_period_handed_to_somebody_else_is_looked_at_anew(lived: Residence) -> None:
    other = make_resident("朱立志", age=20, dwelling=make_dwelling(f"{HUAQIANG}002"), since=MARCH)
    assert "不能重叠" in refused(
        "UPDATE registry_residence SET resident_id = %s WHERE id = %s", other.pk, lived.pk
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind = 'within', from_dwelling_id", 999_999_999),
        ("to_dwelling_id", 999_999_999),
        ("from_grid_id", "340207004006999"),
        ("to_grid_id", "340207004006999"),
        ("source_id", "nobody"),
        ("batch_id", "11111111-2222-4333-8444-555555555555"),
    ],
)
def test_a_move_names_nothing_that_does_not_exist(lived: Residence, column: str, value: object) -> None:
    move = moved_into(make_dwelling(f"{HUAQIANG}003"), lived)
    assert "不存在" in refused(f"UPDATE registry_move SET {column} = %s WHERE id = %s", value, move.pk)  # noqa: S608


@pytest.mark.parametrize(
    ("column", "value"), [("source_id", "nobody"), ("batch_id", "11111111-2222-4333-8444-555555555555")]
)
def test_a_residence_names_nothing_that_does_not_exist(lived: Residence, column: str, value: object) -> None:
    assert "不存在" in refused(
        f"UPDATE registry_residence SET {column} = %s WHERE id = %s",  # noqa: S608 - columns of ours
        value,
        lived.pk,
    )


def test_what_a_move_or_a_residence_names_is_not_deleted(lived: Residence) -> None:
    batch = Batch.objects.create(source_id="police", kind="residences", as_of=JULY, sha256="0" * 64)
    door = make_dwelling(f"{HUAQIANG}003")
    move = moved_into(door, lived)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_residence SET batch_id = %s WHERE id = %s", [batch.pk, lived.pk])
        cursor.execute("UPDATE registry_move SET source_id = 'housing' WHERE id = %s", [move.pk])
    assert "不能删除" in refused("DELETE FROM registry_batch WHERE id = %s", batch.pk)
    assert "不能删除" in refused("DELETE FROM registry_dwelling WHERE id = %s", door.pk)
    assert "不能删除" in refused("DELETE FROM registry_source WHERE code = 'housing'")
    empty = make_dwelling(f"{HUAQIANG}003")
    Dwelling.objects.everyone(because="nobody ever lived there").filter(pk=empty.pk).delete()
    Source.objects.create(code="weather", name="气象局", kinds=[]).delete()
