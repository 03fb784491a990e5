"""Who lives there now 现住: one maintained copy, equal to residences, dwellings and residents after every change."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from grids.models import User
from registry import corrections, invariants, moves, presence
from registry.models import Dwelling, Presence, Resident
from tests.factories import (
    HUAQIANG,
    YINHU,
    make_dwelling,
    make_household,
    make_resident,
    make_youth,
)

GRID = f"{YINHU}001"
YESTERDAY = timezone.localdate() - timedelta(days=1)


def now_of(resident: Resident) -> Presence | None:
    everyone = Presence.objects.everyone(because="test")
    return everyone.filter(pk=resident.pk).first()


def assert_equal_to_sources() -> None:
    found = {finding["check"]: finding for finding in invariants.findings()}
    assert found["presence_equals_sources"]["ok"], found["presence_equals_sources"]


def test_whoever_has_a_home_is_present_with_grid_household_and_since_when(db: None) -> None:
    home, household = make_dwelling(GRID), make_household()
    resident = make_resident(dwelling=home, since=date(2024, 3, 1), household=household)
    now = now_of(resident)
    assert now is not None
    assert (now.dwelling, now.grid_id, now.household) == (home, GRID, household)
    assert (now.birth_on, now.since_on) == (resident.birth_on, date(2024, 3, 1))
    assert now_of(make_resident()) is None
    assert_equal_to_sources()


def test_a_move_takes_the_person_along(wang_shanshan: User) -> None:
    resident = make_resident(dwelling=make_dwelling(GRID))
    there = make_dwelling(f"{HUAQIANG}001")
    moves.report_move(resident=resident, dwelling=there, moved_on=YESTERDAY, by=wang_shanshan)
    now = now_of(resident)
    assert now is not None
    assert (now.dwelling, now.grid_id, now.since_on) == (there, f"{HUAQIANG}001", YESTERDAY)
    assert_equal_to_sources()


def test_whoever_leaves_the_city_is_gone_and_back_after_coming_back(wang_shanshan: User) -> None:
    home = make_dwelling(GRID)
    resident = make_resident(dwelling=home)
    moves.report_move(
        resident=resident, dwelling=None, moved_on=YESTERDAY, destination_code="310115", by=wang_shanshan
    )
    assert now_of(resident) is None
    moves.report_move(resident=resident, dwelling=home, moved_on=timezone.localdate(), by=wang_shanshan)
    assert now_of(resident) is not None
    assert_equal_to_sources()


def test_a_corrected_birth_date_is_followed(wang_shanshan: User) -> None:
    youth = make_youth(grid=GRID, resident_fields={"id_number": None})
    born = youth.birth_on - timedelta(days=400)
    facts = corrections.observed(youth)
    corrected = corrections.PersonFacts(**{**vars(facts), "birth_on": born})
    corrections.correct(
        youth=youth, facts=corrected, reason="看了户口簿", version=youth.version, by=wang_shanshan
    )
    now = now_of(youth.resident)
    assert now is not None
    assert now.birth_on == born
    assert_equal_to_sources()


def test_rebuilding_makes_the_same_with_all_indexes(db: None) -> None:
    for number in range(3):
        make_resident(dwelling=make_dwelling(GRID), since=date(2024, 1, 1 + number))

    def state() -> tuple[list[Any], list[Any]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'registry_presence' ORDER BY 1"
            )
            indexes = cursor.fetchall()
        return list(Presence.objects.everyone(because="test").order_by("pk").values_list()), indexes

    before = state()
    presence.rebuild()
    assert state() == before
    assert len(before[1]) == 3
    assert_equal_to_sources()


def test_the_check_names_whoever_differs(db: None) -> None:
    stale, missing, gone = (make_resident(dwelling=make_dwelling(GRID)) for _ in range(3))
    everyone = Presence.objects.everyone(because="test")
    everyone.filter(pk=stale.pk).update(birth_on=date(2001, 1, 1))
    everyone.filter(pk=missing.pk).delete()
    gone.residences.update(ends_on=timezone.localdate())
    found = next(f for f in invariants.findings() if f["check"] == "presence_equals_sources")
    assert set(found["examples"]) == {str(one.pk) for one in (stale, missing, gone)}
    presence.follow_residents([stale.pk, missing.pk, gone.pk])
    assert_equal_to_sources()


# --- Doors in the order of a walk


@pytest.mark.parametrize(
    ("former", "latter"),
    [
        (("2栋", "1单元", "101室"), ("10栋", "1单元", "101室")),
        (("3栋", "2单元", "501室"), ("3栋", "10单元", "101室")),
        (("3栋", "2单元", "501室"), ("3栋", "2单元", "1001室")),
        (("二栋", "", "101"), ("十二栋", "", "101")),
        (("九栋", "", "101"), ("十栋", "", "101")),
        (("十九栋", "", "101"), ("二十栋", "", "101")),
        (("２栋", "", "101"), ("10栋", "", "101")),
        (("A2栋", "", "101"), ("B1栋", "", "101")),
        (("", "", "9号"), ("", "", "10号")),
    ],
)
def test_doors_stand_in_the_order_of_a_walk(
    db: None, former: tuple[str, str, str], latter: tuple[str, str, str]
) -> None:
    doors = [
        make_dwelling(GRID, estate="翠竹园", building=building, unit=unit, room=room)
        for building, unit, room in (latter, former)
    ]
    everyone = Dwelling.objects.everyone(because="test")
    assert list(everyone.order_by("door_order")) == doors[::-1]


def test_a_walk_goes_through_one_community_and_estate_at_a_time(db: None) -> None:
    places = [
        (f"{HUAQIANG}001", "阳光城"),
        (f"{YINHU}002", "翠竹园"),
        (f"{YINHU}001", "翠竹园2期"),
        (f"{YINHU}001", "翠竹园"),
    ]
    doors = [make_dwelling(grid, estate=estate, room=f"{n}01") for n, (grid, estate) in enumerate(places)]
    everyone = Dwelling.objects.everyone(because="test")
    assert list(everyone.order_by("door_order")) == [doors[1], doors[3], doors[2], doors[0]]


def test_a_house_without_number_stands_by_its_address(db: None) -> None:
    nine, ten = (
        make_dwelling(GRID, estate="", building="", unit="", room="", address=f"天城村{n}号") for n in (9, 10)
    )
    everyone = Dwelling.objects.everyone(because="test")
    assert list(everyone.order_by("door_order")) == [nine, ten]


@pytest.mark.parametrize("name", ["", "海", "小海", "张小海", "欧阳娜娜", "阿依古丽·买买提", "王王王"])
def test_a_name_is_indexed_by_its_characters_and_their_pairs(db: None, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name_pairs(%s)", [name])
        (parts,) = cursor.fetchone()
    assert set(parts) == {name[at : at + length] for at in range(len(name)) for length in (1, 2)}
