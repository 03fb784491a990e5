"""`build_city`: the sample city is believable, repeats from its seed, and holds what the stories need."""

import csv
import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from grids.models import Assignment, Grid, Post, User
from registry.city import building, community, delta, places
from registry.city.building import Builder
from registry.city.feeds import HEADERS, SEXES
from registry.city.people import YEAR, Person, age
from registry.city.plan import Plan, plan
from registry.city.rows import Rows, periods
from registry.city.staff import staff
from registry.city.town import Town
from registry.codes import Relation, read_code, rural_hukou
from registry.id_numbers import parse
from registry.invariants import findings
from registry.models import Dwelling, Handover, Residence, Resident, Youth

TODAY = date(2026, 11, 24)
DAY = TODAY.toordinal()
SMALL = 0.001
SIX_MONTHS = 182
in_database = pytest.mark.django_db


@cache
def a_plan(scale: float = 0.01, seed: int = 7) -> Plan:
    return plan(scale, seed, DAY)


@cache
def towns(scale: float = 0.01, seed: int = 7) -> list[Town]:
    """The demo's city as it is made, before it is loaded: a second's work."""
    made = a_plan(scale, seed)
    return [community.make(made, share, staff(seed, DAY)) for share in made.shares]


def people() -> Iterator[Person]:
    for town in towns():
        for house in town.households:
            yield from house.members


def feeds_digest(seed: int) -> str:
    builder = Builder(a_plan(SMALL, seed), staff(seed, DAY), wants_rows=False, wants_feeds=True)
    digests = {kind: hashlib.sha256() for kind in HEADERS}
    for part in builder.parts(1):
        for kind, blob in part.feeds.items():
            digests[kind].update(blob)
    return " ".join(digest.hexdigest() for digest in digests.values())


def named(name: str) -> Person:
    return next(person for person in people() if person.name == name)


def categories(town: Town, category: str) -> list[Any]:
    return [
        made for made in town.files for one in made.enrolments if one.category == category and not one.until
    ]


# The same from the same


def test_the_same_seed_gives_the_same_city_in_another_process_with_other_hashes() -> None:
    code = "import django; django.setup(); from tests.registry.test_city import feeds_digest; print(feeds_digest(7))"
    environment = {**os.environ, "PYTHONHASHSEED": "5"}
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == feeds_digest(7)


def test_another_seed_gives_another_city() -> None:
    assert feeds_digest(7) != feeds_digest(8)


def test_how_the_city_is_cut_into_parts_does_not_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = feeds_digest(7)
    monkeypatch.setattr(building, "PEOPLE_IN_PART", 500)
    assert feeds_digest(7) == whole


def test_files_and_their_ids_repeat() -> None:
    share = a_plan().shares[83]
    first, second = (community.make(a_plan(), share, staff(7, DAY)) for _ in range(2))
    assert [made.id for made in first.files] == [made.id for made in second.files]
    assert first.files


# Places and those who answer


def test_every_community_has_three_to_seven_grids_about_three_thousand_in_all() -> None:
    counts = Counter(len(place.grids) for place in places.communities())
    assert sum(counts.values()) == 950
    assert set(counts) == {3, 4, 5, 6, 7}
    assert 2_900 < sum(size * count for size, count in counts.items()) < 3_100
    assert len(next(place for place in places.communities() if place.code == places.HUAQIANG).grids) == 7


def test_every_grid_has_exactly_one_responsible_person_and_yang_ying_has_seven() -> None:
    made = staff(7, DAY)
    yang_ying = made.by_login("huaqiang")
    grids = [grid.code for place in places.communities() for grid in place.grids]
    assert all(made.responsible(grid) for grid in grids)
    assert [grid for grid in grids if made.responsible(grid) == yang_ying] == [
        f"{places.HUAQIANG}{number:03d}" for number in range(1, 8)
    ]
    assert any(made.responsible(grid) != made.answers.get(grid) for grid in grids)  # a few have no worker


def test_grids_do_not_overlap_and_lie_around_wuhu() -> None:
    boxes = [grid.box for place in places.communities()[:120] for grid in place.grids]
    for west, south, east, north in boxes:
        assert 117.5 < west < east < 118.8
        assert 30.6 < south < north < 31.6
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            tiny = 1e-9
            apart = one[2] <= other[0] + tiny or other[2] <= one[0] + tiny
            assert apart or one[3] <= other[1] + tiny or other[3] <= one[1] + tiny


# People who could be


def test_every_id_number_is_valid_unique_and_says_the_person_s_birth_and_sex() -> None:
    seen = set()
    for person in people():
        if person.number:
            read = parse(person.number, today=TODAY)
            assert read.birth_on.toordinal() == person.born
            assert int(read.sex.value) == person.sex
            assert not person.number.startswith(("340271", "340272"))
            seen.add(person.number)
        else:
            seen.add(person.person_number)
    assert len(seen) == sum(1 for _ in people())


def test_parents_and_grandparents_are_a_generation_older() -> None:
    for person in people():
        for parent in (person.father, person.mother):
            if parent is not None:
                assert 18 * YEAR < person.born - parent.born < 50 * YEAR, (
                    person.household.number,
                    person.relation,
                )
        if person.mother is not None:
            assert person.born - person.mother.born < 45.5 * YEAR


def test_children_of_one_mother_are_twins_or_ten_months_apart() -> None:
    born: dict[int, list[int]] = {}
    for person in people():
        if person.mother is not None:
            born.setdefault(id(person.mother), []).append(person.born)
    twins = 0
    for days in born.values():
        days.sort()
        for elder, younger in pairwise(days):
            assert elder == younger or younger - elder > 300
            twins += elder == younger
    assert twins


def test_every_household_has_one_head_and_known_relations() -> None:
    for town in towns():
        for house in town.households:
            if house.members:
                assert sum(member.relation == "02" for member in house.members) == 1
                assert all(read_code(Relation, member.relation) for member in house.members)


def test_grandchildren_without_their_parents_at_home_are_there() -> None:
    alone = [p for p in people() if p.relation in ("41", "42", "43", "44") and p.father and p.mother]
    assert (
        sum(not p.father.lives_here and not p.mother.lives_here for p in alone if p.father and p.mother) > 300
    )


def test_everyone_lives_in_one_place_at_a_time_and_not_before_birth() -> None:
    for person in people():
        lived = periods(person.household, person)
        assert sum(not until for *_, until in lived) <= 1
        assert all(person.born <= since < (until or DAY) for _, _, since, until in lived)
        assert all(first[3] <= second[2] for first, second in pairwise(lived))


def test_the_uncommon_is_common_enough() -> None:
    everyone = list(people())
    names = "".join(person.name for person in everyone)
    assert "㛃" in names
    assert "𠮷" in names
    assert any(person.name.startswith(("欧阳", "诸葛", "上官", "司马")) for person in everyone)
    assert any(len(person.name) == 2 for person in everyone)
    assert sum(not person.number for person in everyone) > 20
    assert any(len(house.members) > 10 for town in towns() for house in town.households)
    outside = sum(not person.hukou.startswith("3402") for person in everyone)
    assert 0.1 < outside / len(everyone) < 0.5


def test_two_people_of_one_name_live_in_one_building() -> None:
    doors = Counter(
        (
            person.household.home.grid,
            person.household.home.estate,
            person.household.home.building,
            person.name,
        )
        for person in people()
    )
    assert any(count > 1 and place[2] and place[3] == "王欣怡" for place, count in doors.items())


def test_the_city_is_as_large_as_its_scale_says() -> None:
    assert sum(1 for _ in people()) == pytest.approx(40_100, rel=0.03)
    assert sum(len(town.dwellings) for town in towns()) == pytest.approx(6_290, rel=0.02)
    on_register = sum(
        any(not one.until for one in made.enrolments) for town in towns() for made in town.files
    )
    assert on_register == pytest.approx(1_000, rel=0.03)


# The register


def test_a_left_behind_child_meets_the_rule() -> None:
    for town in towns():
        for made in categories(town, "left_behind"):
            child = made.person
            assert age(child.born, DAY) <= 15
            assert rural_hukou(child.hukou) or not child.number
            parents = [child.father, child.mother]
            away = [
                p
                for p in parents
                if p and not p.lives_here and p.away_to and not p.away_to.startswith("3402")
            ]
            assert away
            assert all(min(f.since for f in p.facts if f.item == "外出务工") < DAY - SIX_MONTHS for p in away)
            if len(away) == 1:
                other = next(p for p in parents if p and p not in away)
                assert any(fact.item == "残疾" and fact.level in "12" for fact in other.facts)


@pytest.mark.parametrize(
    ("category", "least", "most"),
    [("idle", 6, 25), ("misconduct", 6, 25), ("street", 6, 25), ("custody_child", 0, 17)],
)
def test_everyone_on_the_register_has_an_age_of_the_category(category: str, least: int, most: int) -> None:
    found = [made for town in towns() for made in categories(town, category)]
    assert found
    assert all(least <= age(made.person.born, DAY) <= most for made in found)


def test_custody_is_said_of_adults_alone_and_nothing_sealed_of_anyone() -> None:
    for person in people():
        for fact in person.facts:
            if fact.item in ("服刑", "强制隔离戒毒"):
                assert age(person.born, fact.since) >= 18


def test_young_people_without_school_or_work_are_on_the_register_or_few() -> None:
    on_register = {made.person.id for town in towns() for made in town.files}
    doing = {"在学", "就业", "备考培训", "残疾", "患病"}
    idle = [
        person
        for person in people()
        if 6 <= age(person.born, DAY) <= 25
        and person.lives_here
        and person.id not in on_register
        and not any(fact.item in doing and not fact.until for fact in person.facts)
    ]
    assert 0 < len(idle) < 40


def test_visits_follow_the_grade_and_some_are_late() -> None:
    files = [made for town in towns() for made in town.files if not made.closed_on]
    late = sum(made.next_due < DAY for made in files)
    assert 0.05 < late / len(files) < 0.4
    for made in files:
        assert made.next_due > made.last_verified >= made.opened_on >= made.person.born
        assert all(one.on <= DAY for one in made.visits)
        assert made.enrolments or made.opened_reason


def test_wanli_has_left_behind_children_whom_nobody_verified_for_ninety_days() -> None:
    street = [town for town in towns() if town.share.community.code.startswith(places.WANLI)]
    late = [
        made for town in street for made in categories(town, "left_behind") if made.last_verified < DAY - 90
    ]
    assert len(late) >= 5
    assert len({made.grid[:12] for made in late}) > 1


def test_handovers_stand_in_every_state() -> None:
    states = Counter(one.state for town in towns() for made in town.files for one in made.handovers)
    assert {"offered", "escalated", "accepted", "returned", "answered"} <= set(states)
    levels = {one.level for town in towns() for made in town.files for one in made.handovers}
    assert {"grid", "community", "street", "district"} <= levels


# The stories


def test_story_1_xiaohai_is_not_yet_ten_his_mother_dead_his_father_gravely_ill() -> None:
    child = named("张小海")
    assert age(child.born, DAY) == 9
    assert child.household.home.grid.startswith(places.HUAQIANG)
    assert {guardian.status for guardian in child.guardians} == {"死亡", "重病重残", "在家"}


def test_story_3_forty_six_children_in_fanchang_whom_nobody_knows_of() -> None:
    on_register = {made.person.id for town in towns() for made in town.files}
    found = [
        child
        for town in towns()
        for house in town.households
        for child in house.members
        if child.id not in on_register
        and age(child.born, DAY) < 18
        and any(fact.item in ("服刑", "强制隔离戒毒") for g in child.guardians for fact in g.person.facts)
    ]
    assert len(found) == 46
    assert all(child.household.home.grid.startswith(places.FANCHANG) for child in found)
    assert all(
        guardian.status not in ("服刑", "强制隔离戒毒") for child in found for guardian in child.guardians
    )


def test_story_4_zhu_lizhi_is_registered_in_wuwei_and_lives_in_huaqiang() -> None:
    son = named("朱立志")
    assert son.hukou.startswith("340281")
    assert son.household.home.grid.startswith(places.HUAQIANG)
    assert any(fact.item == "残疾" for fact in son.facts)


# Into the database


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Path]:
    """A small city in the database, with its feeds in the folder that is given back; gone after this module."""
    folder = tmp_path_factory.mktemp("city")
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr("django.conf.settings.VAR", folder)
        build(scale=SMALL, feeds=folder / "feeds", delta=60)
        yield folder / "feeds"
        transaction.set_rollback(True)


def build(**options: Any) -> None:
    call_command("build_city", seed=7, today=TODAY, verbosity=0, **options)


def everyone(model: Any) -> Any:
    return model.objects.everyone(because="tests of the sample city")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@in_database
def test_the_register_s_invariants_hold(city: Path) -> None:
    assert [finding for finding in findings() if not finding["ok"]] == []


@in_database
def test_the_cast_can_sign_in_with_the_one_password(city: Path) -> None:
    password = (city.parent / "demo-password").read_text().strip()
    for login in ("city", "jiujiang", "fanchang", "wanli", "huaqiang", "wangshanshan", "lizhiyuan", "centre"):
        assert User.objects.get(username=login).check_password(password)
    assert (city.parent / "demo-password").stat().st_mode & 0o777 == 0o600
    assert User.objects.filter(username=f"g{places.communities()[0].code}001").exists()
    assert User.objects.values("password").distinct().count() == 1


@in_database
def test_what_people_edit_begins_with_a_row_of_history(city: Path) -> None:
    for model in (Grid, Post, Assignment):
        past: Any = model.history
        assert (
            past.filter(history_type="+", history_change_reason="建立样例城市").count()
            == model.objects.count()
        )
    assert Youth.history.filter(history_type="+").count() == everyone(Youth).count()
    accepted = everyone(Handover).filter(state="accepted").first()
    assert [one.grid_id for one in Youth.history.filter(id=accepted.youth_id).order_by("history_date")] == [
        accepted.from_grid_id,
        accepted.to_grid_id,
    ]


@in_database
def test_new_rows_go_on_after_the_city_s(city: Path) -> None:
    with transaction.atomic():
        made = Resident.objects.create(person_number="NEW-1", name="新来", birth_on=TODAY)
        assert made.pk > max(everyone(Resident).exclude(pk=made.pk).values_list("pk", flat=True))
        transaction.set_rollback(True)


@in_database
def test_the_five_files_hold_what_the_database_holds(city: Path) -> None:
    assert {row["房屋编号"] for row in rows_of(city / "dwellings.csv")} == set(
        everyone(Dwelling).values_list("code", flat=True)
    )
    assert len(rows_of(city / "residents.csv")) == everyone(Resident).count()
    stays = [row for row in rows_of(city / "residences.csv") if row["房屋编号"]]
    assert len(stays) == everyone(Residence).count()
    with connection.cursor() as cursor:
        for kind, table in (("guardianships", "registry_guardianship"), ("facts", "registry_fact")):
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - two constants
            assert len(rows_of(city / f"{kind}.csv")) == cursor.fetchone()[0]


@in_database
def test_the_delta_is_as_long_as_asked_and_begins_with_chen_yutong(city: Path) -> None:
    rows = rows_of(city / "residences-delta.csv")
    keys = [row["公民身份号码"] or row["人员编号"] for row in rows]
    known = {row["公民身份号码"] or row["人员编号"]: row for row in rows_of(city / "residents.csv")}
    assert len(rows) == len(set(keys)) == 60
    assert "陈雨桐" in {known[key]["姓名"] for key in keys[:2]}
    assert rows[0]["房屋编号"].startswith(places.WANGSHANSHAN_GRID)
    assert {row["起始日期"] for row in rows} == {str(TODAY)}
    assert any(not row["房屋编号"] and row["迁往地"] for row in rows)
    dwellings = {row["房屋编号"] for row in rows_of(city / "dwellings.csv")}
    assert {row["房屋编号"] for row in rows if row["房屋编号"]} <= dwellings


@in_database
def test_a_places_only_city_that_loads_the_files_holds_the_same(city: Path) -> None:
    before = contents()
    with transaction.atomic():
        build(scale=SMALL, places_only=True)
        assert contents() == {"residents": set(), "residences": set()}
        assert Grid.objects.count() > 2_900
        copy_dwellings(city / "dwellings.csv")
        for kind in ("residents", "residences"):
            call_command(
                "load_feed", kind, city / f"{kind}.csv", source="police", as_of=str(TODAY), verbosity=0
            )
        assert contents() == before
        transaction.set_rollback(True)


def contents() -> dict[str, set[Any]]:
    person = (
        "name",
        "pinyin",
        "sex",
        "birth_on",
        "hukou_code",
        "hukou_is_rural",
        "household__number",
        "relation",
        "phone",
    )
    residents = everyone(Resident).values_list("id_number", "person_number", *person)
    who = ("resident__id_number", "resident__person_number")
    stays = everyone(Residence).values_list(*who, "dwelling__code", "starts_on", "ends_on")
    return {"residents": set(residents), "residences": set(stays)}


def copy_dwellings(path: Path) -> None:
    """Until `load_feed dwellings` is there."""
    columns = "code, grid_id, estate, building, unit, room, address, longitude, latitude"
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY registry_dwelling ({columns}) FROM STDIN"
            " (FORMAT csv, HEADER, FORCE_NOT_NULL (building, unit, room))",
            BytesIO(path.read_bytes()),
        )


def test_delta_needs_a_folder_to_be_written_to() -> None:
    with pytest.raises(CommandError, match="--feeds"):
        build(scale=SMALL, delta=5)


def test_no_word_of_the_city_needs_escaping_in_a_copy_stream() -> None:
    town = next(town for town in towns() if town.share.community.code == places.HUAQIANG)
    rows = Rows()
    rows.town(town)
    for table, lines in rows.lines.items():
        assert len({line.count("\t") for line in lines}) <= 1, table
        assert not any("\r" in line or "\n" in line for line in lines)
    assert set(SEXES) == {1, 2}
    assert delta.IN + delta.OUT < 1
