"""The people-and-housing search 人房查询: who is found, by what, by whom; each look recorded, no mark of a file."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grids.models import User
from registry import readings
from registry.filters.people_words import door_pattern
from registry.models import Dwelling, Reading, Resident, Search
from registry.public_ids import internal_id, public_id
from tests.cast import SignIn
from tests.factories import (
    HUAQIANG,
    PINGPU,
    YINHU,
    make_dwelling,
    make_handover,
    make_household,
    make_resident,
    make_youth,
    years_ago,
)

GRID = f"{YINHU}001"
LISTS = ["residents", "households", "dwellings"]
_serial = iter(range(1, 10_000))


def family(
    *ages: int, grid: str = GRID, door: Dwelling | None = None, names: tuple[str, ...] = (), **fields: Any
) -> Dwelling:
    """A household of people of these ages behind a door of its own, or behind this one."""
    door = door or make_dwelling(grid, building="3栋", unit="2单元", room=f"{next(_serial)}室")
    household = make_household()
    for place, age in enumerate(ages):
        name = names[place] if place < len(names) else "周正明"
        make_resident(name, age=age, dwelling=door, household=household, **fields)
    return door


def page_of(client: Any, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


def total(page: str) -> int:
    found = re.search(r"共 ([\d,]+) [人户处]", page)
    assert found, "no total"
    return int(found[1].replace(",", ""))


def doors(page: str) -> list[str]:
    """The doors on the page, in order."""
    return re.findall(r'href="/dwellings/[0-9a-f-]{36}/">([^<]+)</a>', page)


def search(client: Any, noun: str, **words: str) -> str:
    """Post the words as the form does, and open the list that the answer leads to."""
    response = client.post(f"/{noun}/search/", words)
    assert response.status_code == 302, response.content.decode()
    for word in words.values():
        assert word not in response["Location"]
    return page_of(client, response["Location"])


# --- What is found


def test_households_with_school_age_children_and_everybody_in_them(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    family(40, 38, 9, names=("陈大山", "李梅花", "陈小山"))
    family(70, 68)
    family(45, 16)
    page = page_of(sign_in(wang_shanshan), "/households/?age_min=6&age_max=15")
    assert total(page) == 1
    for name in ("陈*山", "李*花"):
        assert name in page
    assert page.count("（符合条件）") == 1


def test_limits_of_age_are_inclusive_and_end_on_the_birthday(wang_shanshan: User, sign_in: SignIn) -> None:
    home = make_dwelling(GRID)
    for name, birth_on in [
        ("今天六岁", years_ago(6)),
        ("明天六岁", years_ago(6, days=-1)),
        ("明天十六", years_ago(16, days=-1)),
        ("今天十六", years_ago(16)),
    ]:
        make_resident(name, birth_on, dwelling=home)
    page = page_of(sign_in(wang_shanshan), "/residents/?age_min=6&age_max=15")
    assert total(page) == 2
    assert "今**岁" in page
    assert "明**六" in page


@pytest.mark.parametrize(
    ("makeup", "ages", "other"),
    [
        ("child", (40, 15), (40, 16)),
        ("grandparents", (66, 64, 9), (66, 49, 9)),
        ("grandparents", (50, 15), (50, 30)),
        ("minors", (17, 15), (18, 15)),
        ("single", (30,), (30, 31)),
        ("dormitory", (22, 23, 24, 25, 26, 27, 28, 29, 30, 31), (22, 23, 24, 25, 26, 27, 28, 29, 30)),
    ],
)
def test_household_makeup(
    wang_shanshan: User, sign_in: SignIn, makeup: str, ages: tuple[int, ...], other: tuple[int, ...]
) -> None:
    door = family(*ages)
    family(*other)
    client = sign_in(wang_shanshan)
    page = page_of(client, f"/households/?makeup={makeup}")
    assert total(page) == 1
    assert doors(page) == [str(door)]
    assert total(page_of(client, f"/residents/?makeup={makeup}")) == len(ages)
    assert total(page_of(client, f"/dwellings/?makeup={makeup}")) == 1


@pytest.mark.parametrize("makeup", ["child", "grandparents", "minors", "single", "dormitory"])
def test_a_long_list_is_walked_to_the_same_end(
    wang_shanshan: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, makeup: str
) -> None:
    """Counted at one go, listed in another way: the same households, people and doors."""
    for ages in ((40, 9), (66, 9), (66, 15), (16, 17), (30,), (3,), tuple(range(20, 31)), (66, 40, 9)):
        family(*ages)
    client = sign_in(wang_shanshan)
    for noun in LISTS:
        address = f"/{noun}/?makeup={makeup}&age_min=1"
        found = []
        for long in (0, 1_000):
            monkeypatch.setattr("registry.filters.people_lists.LONG", long)
            page = page_of(client, address)
            found.append((total(page), doors(page)))
        assert found[0] == found[1]
        assert found[0][0] == len(found[0][1]) > 0


def test_makeup_over_the_whole_city_wants_a_district(city_cadre: User, sign_in: SignIn) -> None:
    family(40, 9)
    client = sign_in(city_cadre)
    response = client.get("/households/?makeup=child")
    assert response.status_code == 422
    assert "请先选区县" in response.content.decode()
    assert total(page_of(client, "/households/?makeup=child&division=340207")) == 1
    kept = Search.objects.create(owner=city_cadre, estate="翠竹园")
    assert total(page_of(client, f"/households/?makeup=child&s={kept.pk}")) == 1


def test_two_households_behind_one_door_are_two_and_people_without_number_one_more(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    door = family(40, 8)
    family(41, 9, door=door)
    for age in (30, 31):
        make_resident(age=age, dwelling=door)
    client = sign_in(wang_shanshan)
    assert total(page_of(client, "/households/")) == 3
    assert total(page_of(client, "/residents/")) == 6
    page = page_of(client, "/dwellings/")
    assert total(page) == 1
    assert "6 人" in page
    assert total(page_of(client, "/households/?makeup=single")) == 0


def test_newly_arrived_and_long_settled(wang_shanshan: User, sign_in: SignIn) -> None:
    today = timezone.localdate()
    new, old = make_dwelling(GRID, room="1室"), make_dwelling(GRID, room="2室")
    make_resident(age=30, dwelling=new, since=today - timedelta(days=30))
    make_resident(age=30, dwelling=old, since=today - timedelta(days=31))
    client = sign_in(wang_shanshan)
    assert doors(page_of(client, "/households/?moved_days=30")) == [str(new)]
    assert doors(page_of(client, "/households/?stayed_days=31")) == [str(old)]


def test_conditions_on_a_person_are_met_by_one_and_the_same(wang_shanshan: User, sign_in: SignIn) -> None:
    """A child that has always lived here and a lodger who came yesterday are no newly arrived child."""
    door, household = make_dwelling(GRID), make_household()
    make_resident(age=9, dwelling=door, household=household)
    make_resident(age=30, dwelling=door, household=household, since=timezone.localdate())
    assert total(page_of(sign_in(wang_shanshan), "/households/?age_max=15&moved_days=30")) == 0


def test_by_estate_and_door(wang_shanshan: User, sign_in: SignIn) -> None:
    for estate, building in [("翠竹园", "3栋"), ("翠竹园", "13栋"), ("桂花苑", "3栋")]:
        family(40, 9, door=make_dwelling(GRID, estate=estate, building=building))
    client = sign_in(wang_shanshan)
    for noun in LISTS:
        assert len(set(doors(search(client, noun, estate="翠竹")))) == 2
        (found,) = set(doors(search(client, noun, estate="翠竹园", door="3栋")))
        assert found.startswith("翠竹园 3栋")


def test_a_door_without_an_estate_is_asked_back(wang_shanshan: User, sign_in: SignIn) -> None:
    response = sign_in(wang_shanshan).post("/households/search/", {"door": "3栋"})
    assert response.status_code == 422
    assert "请同时填小区" in response.content.decode()
    assert 'value="3栋"' in response.content.decode()


@pytest.mark.parametrize(
    ("words", "meant", "other"),
    [
        ("3栋", "3栋2单元501室", "13栋2单元501室"),
        ("3栋", "3栋2单元501室", "30栋2单元501室"),
        ("3-2-501", "3栋2单元501室", "3栋2单元5011室"),
        ("3栋2单元", "3栋2单元501室", "3栋22单元501室"),
        ("3 - 2", "3号楼2单元501室", "3号楼12单元501室"),
        ("A栋", "A栋101", "B栋101"),
    ],
)
def test_a_door_is_meant_from_its_beginning(words: str, meant: str, other: str) -> None:
    pattern = door_pattern(words.replace(" ", ""))
    assert re.search(pattern, meant)
    assert not re.search(pattern, other)


@pytest.mark.parametrize("words", ["小海", "海", "张小海", "zhangxiao", "zxh", "张xh"])
def test_by_name(wang_shanshan: User, sign_in: SignIn, words: str) -> None:
    family(12, 40, names=("张小海", "李大河"))
    client = sign_in(wang_shanshan)
    page = search(client, "residents", q=words)
    assert total(page) == 1
    assert "张*海" in page
    assert "李*河" not in page
    household = search(client, "households", q=words)
    assert total(household) == 1
    assert "李*河" in household
    assert total(search(client, "dwellings", q=words)) == 1


def test_by_id_number_exactly_and_only_its_hash_is_kept(wang_shanshan: User, sign_in: SignIn) -> None:
    resident = make_resident("张小海", dwelling=make_dwelling(GRID))
    make_resident("张小海", dwelling=make_dwelling(GRID))
    number = str(resident.id_number)
    page = search(sign_in(wang_shanshan), "residents", id_number=number)
    assert total(page) == 1
    assert number not in page
    kept = Search.objects.get(owner=wang_shanshan)
    assert kept.id_number_index
    assert not kept.q


def test_a_common_name_is_counted_up_to_a_limit(
    wang_shanshan: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.filters.people_lists.NAMES_COUNTED", 2)
    home = make_dwelling(GRID)
    for _ in range(3):
        make_resident("张小海", dwelling=home)
    page = search(sign_in(wang_shanshan), "residents", q="张小海")
    assert "共 2 人以上" in page
    assert "同名的人太多" in page


def test_whoever_has_left_is_not_found(wang_shanshan: User, sign_in: SignIn) -> None:
    youth = make_youth(grid=GRID)
    make_handover(youth, None)
    assert total(page_of(sign_in(wang_shanshan), "/residents/")) == 0


# --- The order of a walk, and its pages


def test_households_stand_in_the_order_of_doors(wang_shanshan: User, sign_in: SignIn) -> None:
    rooms = [
        ("10栋", "1单元", "101室"),
        ("3栋", "2单元", "1001室"),
        ("3栋", "2单元", "501室"),
        ("3栋", "10单元", "101室"),
    ]
    for building, unit, room in rooms:
        family(30, door=make_dwelling(GRID, building=building, unit=unit, room=room))
    page = page_of(sign_in(wang_shanshan), "/households/")
    assert [door.split()[1] for door in doors(page)] == [
        "3栋2单元501室", "3栋2单元1001室", "3栋10单元101室", "10栋1单元101室"
    ]  # fmt: skip


@pytest.mark.parametrize("noun", LISTS)
def test_pages_go_on_and_back_without_gap_or_repetition(
    wang_shanshan: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, noun: str
) -> None:
    monkeypatch.setattr("registry.filters.door_pages.PAGE_SIZE", 3)
    for number in range(8):
        family(30, door=make_dwelling(GRID, building=f"{number + 1}栋", unit="", room="101室"))
    client = sign_in(wang_shanshan)
    addresses, walked = [f"/{noun}/"], []
    while True:
        page = page_of(client, addresses[-1])
        walked.append(doors(page))
        found = re.search(r'href="([^"]+)" rel="next"', page)
        if not found:
            break
        addresses.append(f"/{noun}/{found[1].replace('&amp;', '&')}")
    assert [len(part) for part in walked] == [3, 3, 2]
    assert [door.split()[1] for part in walked for door in part] == [f"{n}栋101室" for n in range(1, 9)]
    assert "栋" not in "".join(addresses)
    back = re.search(r'href="([^"]+)" rel="prev"', page)
    assert back
    assert doors(page_of(client, f"/{noun}/{back[1].replace('&amp;', '&')}")) == walked[1]


def test_a_place_that_was_not_made_here_begins_anew(wang_shanshan: User, sign_in: SignIn) -> None:
    family(30)
    page = page_of(sign_in(wang_shanshan), "/households/?after=abcd")
    assert "翻页位置已失效" in page
    assert len(doors(page)) == 1


# --- Whose


@pytest.mark.parametrize("noun", LISTS)
def test_each_finds_those_of_the_own_area(request: pytest.FixtureRequest, sign_in: SignIn, noun: str) -> None:
    for grid in (f"{HUAQIANG}001", GRID, f"{PINGPU}001"):
        family(30, grid=grid)
    sight = {
        "city_cadre": 3, "jiujiang": 2, "fanchang": 1, "wanli": 2, "yang_ying": 1, "wang_shanshan": 1,
        "deputy": 1, "league_leader": 1, "centre": 3,
    }  # fmt: skip
    for who, number in sight.items():
        page = page_of(sign_in(request.getfixturevalue(who)), f"/{noun}/?age_min=1")
        assert (who, total(page), len(doors(page))) == (who, number, number)


@pytest.mark.parametrize("who", ["legal_aid", "sysadmin", "security", "auditor"])
def test_the_others_have_no_people_search(request: pytest.FixtureRequest, sign_in: SignIn, who: str) -> None:
    door = family(30)
    resident = Resident.objects.everyone(because="test").get()
    client = sign_in(request.getfixturevalue(who))
    for address in (
        "/residents/", "/households/", "/dwellings/", f"/residents/{public_id('resident', resident.pk)}/",
        f"/dwellings/{public_id('dwelling', door.pk)}/",
    ):  # fmt: skip
        assert client.get(address).status_code == 403
    assert not Reading.objects.everyone(because="test").exists()


def test_people_and_doors_elsewhere_are_as_unknown_as_none(wang_shanshan: User, sign_in: SignIn) -> None:
    door = family(30, grid=f"{PINGPU}001")
    resident = Resident.objects.everyone(because="test").get()
    client = sign_in(wang_shanshan)
    answers = {
        (response.status_code, response.content.decode().replace(response["X-Request-ID"], ""))
        for response in (
            client.get(f"/residents/{public_id('resident', resident.pk)}/"),
            client.get(f"/residents/{public_id('resident', resident.pk + 99)}/"),
            client.get(f"/residents/{uuid.uuid4()}/"),
            client.get(f"/dwellings/{public_id('dwelling', door.pk)}/"),
            client.get(f"/dwellings/{uuid.uuid4()}/"),
        )
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 404


def test_somebody_elses_search_is_unknown(wang_shanshan: User, yang_ying: User, sign_in: SignIn) -> None:
    kept = Search.objects.create(owner=yang_ying, q="小海")
    assert sign_in(wang_shanshan).get(f"/households/?s={kept.pk}").status_code == 404


def test_a_division_narrows_and_its_counts_open_into_lists(jiujiang: User, sign_in: SignIn) -> None:
    for grid in (f"{HUAQIANG}001", f"{HUAQIANG}002", GRID):
        family(40, 9, grid=grid)
    client = sign_in(jiujiang)
    page = page_of(client, "/households/?age_max=15&division=340207004")
    for code, number in ((HUAQIANG, 2), (YINHU, 1)):
        link = f"?division={code}&amp;age_max=15"
        assert link in page
        assert total(page_of(client, f"/households/{link.replace('&amp;', '&')}")) == number


def test_without_a_condition_nothing_is_counted_over_a_district(jiujiang: User, sign_in: SignIn) -> None:
    family(40)
    page = page_of(sign_in(jiujiang), "/households/")
    assert "未加条件，不计总数" in page
    assert len(doors(page)) == 1


# --- Nobody is given away


def test_names_are_masked_in_lists_and_whole_on_the_persons_page(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    door = family(12, names=("张小海",), phone="13812345678", hukou_code=PINGPU)
    resident = Resident.objects.everyone(because="test").get()
    client = sign_in(wang_shanshan)
    for address in ("/residents/", "/households/", f"/dwellings/{public_id('dwelling', door.pk)}/"):
        assert "张小海" not in page_of(client, address)
    page = page_of(client, f"/residents/{public_id('resident', resident.pk)}/")
    assert "<h1>张小海</h1>" in page
    assert resident.masked_id_number in page
    assert str(resident.id_number) not in page
    assert "138****5678" in page
    assert "13812345678" not in page
    assert "繁昌区平铺镇平铺村" in page


def test_only_whoever_may_open_a_file_sees_that_there_is_one(
    wang_shanshan: User, centre: User, sign_in: SignIn
) -> None:
    """The same person with and without a file looks the same to the service centre, to the byte."""
    youth = make_youth("张小海", grid=GRID, categories=["custody_child"], age=12)
    twin = make_resident("张小海", youth.birth_on, dwelling=youth.resident.residences.get().dwelling)
    worker, clerk = sign_in(wang_shanshan), sign_in(centre)
    assert f"/youths/{youth.pk}/" in page_of(worker, "/residents/")
    door = youth.resident.residences.get().dwelling
    addresses = [
        "/residents/",
        "/households/",
        "/dwellings/",
        f"/dwellings/{public_id('dwelling', door.pk)}/",
    ]
    for address in addresses:
        page = page_of(clerk, address)
        assert "/youths/" not in page
        assert "档案</a>" not in page
    pages = {
        re.sub(
            r"[0-9a-f-]{36}|csrf[^>]*>|\d{6}\*{8}\d{4}",
            "",
            page_of(clerk, f"/residents/{public_id('resident', pk)}/"),
        )
        for pk in (youth.resident_id, twin.pk)
    }
    assert len(pages) == 1
    for client in (worker, clerk):
        for address in addresses:
            assert "服刑" not in page_of(client, address)


def test_a_file_that_answers_to_another_grid_is_not_seen_where_the_person_lives_now(
    yang_ying: User, sign_in: SignIn
) -> None:
    youth = make_youth("张小海", grid=GRID, age=12)
    make_handover(youth, f"{HUAQIANG}001")
    page = page_of(sign_in(yang_ying), "/residents/")
    assert total(page) == 1
    assert str(youth.pk) not in page


def test_from_a_resident_to_a_new_file_without_typing_the_number(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    family(12, names=("张小海",))
    resident = Resident.objects.everyone(because="test").get()
    client = sign_in(wang_shanshan)
    address = f"/residents/{public_id('resident', resident.pk)}/"
    assert "建档" in page_of(client, address)
    number = str(public_id("resident", resident.pk))
    found = client.post("/youths/new/", {"number": number, "step": "find"})
    assert "张小海" in found.content.decode()
    assert str(resident.id_number) not in found.content.decode()
    key = str(uuid.uuid4())
    opened = {"number": number, "step": "open", "reason": "孤儿", "grade": "B", "submission_key": key}
    assert client.post("/youths/new/", opened).status_code == 302
    assert resident.youth.opened_reason == "孤儿"
    assert f"/youths/{resident.youth.pk}/" in page_of(client, address)


def test_a_new_file_cannot_be_opened_by_the_id_of_somebody_elsewhere(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    family(12, grid=f"{PINGPU}001")
    resident = Resident.objects.everyone(because="test").get()
    for number in (public_id("resident", resident.pk), uuid.uuid4()):
        answer = sign_in(wang_shanshan).post("/youths/new/", {"number": str(number), "step": "find"})
        assert answer.status_code == 422
        assert "在您负责的范围内没有这个人" in answer.content.decode()


# --- Public ids


def test_a_public_id_opens_only_here_and_for_its_kind() -> None:
    made = [public_id("resident", key) for key in (1, 2, 3, 2**62)]
    assert [internal_id("resident", one) for one in made] == [1, 2, 3, 2**62]
    assert internal_id("dwelling", made[0]) is None
    assert internal_id("resident", uuid.uuid4()) is None
    assert len({str(one)[:8] for one in made}) == 4


# --- Readings


def last_reading() -> Reading:
    found = Reading.objects.everyone(because="test").first()
    assert found is not None
    return found


def ids_of(*residents: Resident) -> set[uuid.UUID]:
    return {readings.subject_id(resident.pk) for resident in residents}


def test_an_opened_list_is_recorded_with_everybody_on_it(wang_shanshan: User, sign_in: SignIn) -> None:
    door = family(40, 9)
    people = list(Resident.objects.everyone(because="test").order_by("birth_on"))
    child = people[-1]
    client = sign_in(wang_shanshan)
    for address, page, subjects in [
        ("/households/?age_max=15", "households", ids_of(*people)),
        ("/residents/?age_max=15", "residents", ids_of(child)),
        (f"/dwellings/{public_id('dwelling', door.pk)}/", "dwelling", ids_of(*people)),
        (f"/residents/{public_id('resident', people[0].pk)}/", "resident", ids_of(*people)),
    ]:  # fmt: skip
        response = client.get(address)
        reading = last_reading()
        assert (reading.by, reading.page, set(reading.subject_ids)) == (wang_shanshan, page, subjects)
        assert (reading.count, reading.subject) == (len(subjects), "resident")
        assert reading.request_id == response["X-Request-ID"]
        assert reading.post == wang_shanshan.label
    client.get("/dwellings/")
    assert (last_reading().subject, last_reading().subject_ids) == (
        "dwelling",
        [readings.subject_id(door.pk)],
    )


def test_the_register_its_sheet_and_a_persons_file_are_recorded_as_well(
    yang_ying: User, sign_in: SignIn
) -> None:
    youth = make_youth("张小海", grid=f"{HUAQIANG}001")
    client = sign_in(yang_ying)
    for address, page, purpose in [
        ("/youths/", "youths", "人员查询"),
        ("/youths/export/", "youths_export", "导出名单"),
        (f"/youths/{youth.pk}/", "youth", "一人一档"),
        (f"/youths/{youth.pk}/history/", "youth_history", "档案变更"),
    ]:
        assert client.get(address).status_code == 200
        reading = last_reading()
        assert (reading.page, reading.purpose, reading.subject) == (page, purpose, "youth")
        assert reading.subject_ids == [youth.pk]


def test_to_have_looked_and_found_nobody_is_recorded_too(wang_shanshan: User, sign_in: SignIn) -> None:
    page_of(sign_in(wang_shanshan), "/residents/?age_max=15")
    assert (last_reading().count, last_reading().subject_ids) == (0, [])


def test_no_word_of_a_search_stands_in_a_reading(wang_shanshan: User, sign_in: SignIn) -> None:
    family(12, names=("张小海",))
    search(sign_in(wang_shanshan), "residents", q="小海", estate="翠竹园")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(r::text, ' ') FROM registry_reading r")
        text = cursor.fetchone()[0]
    assert "小海" not in text
    assert "翠竹" not in text


@pytest.mark.parametrize("noun", LISTS)
def test_what_cannot_be_recorded_is_not_shown(
    wang_shanshan: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, noun: str
) -> None:
    family(12, names=("张小海",))

    def fail(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr("registry.readings.Reading.objects.create", fail)
    client = sign_in(wang_shanshan)
    client.raise_request_exception = False
    response = client.get(f"/{noun}/")
    assert response.status_code == 503
    assert "张*海" not in response.content.decode()


def test_readings_are_added_to_and_never_altered(wang_shanshan: User, sign_in: SignIn) -> None:
    page_of(sign_in(wang_shanshan), "/residents/")
    everyone = Reading.objects.everyone(because="test")
    changes: list[Callable[[], Any]] = [
        lambda: everyone.update(count=9),
        everyone.delete,
    ]
    for change in changes:
        with pytest.raises(DatabaseError, match="历史"), transaction.atomic():
            change()
    assert everyone.count() == 1


def test_readings_are_for_the_auditor(auditor: User, city_cadre: User, sign_in: SignIn) -> None:
    page_of(sign_in(city_cadre), "/residents/?age_min=1")
    assert Reading.objects.visible_to(auditor).count() == 1
    assert Reading.objects.visible_to(city_cadre).count() == 0


# --- Errors, states, statements


def test_wrong_conditions_stand_beside_their_fields_and_nothing_is_listed(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    family(30)
    client = sign_in(wang_shanshan)
    for query in (
        "age_min=9&age_max=6", "age_min=x", "age_min=-1", "age_max=999", "makeup=royal", "division=3402a",
        "division=340212", "moved_days=0", "stayed_days=60&moved_days=30", "makeup=child&makeup=single",
    ):  # fmt: skip
        response = client.get(f"/households/?{query}")
        assert (query, response.status_code) == (query, 422)
        assert not doors(response.content.decode())
        assert "条件有误" in response.content.decode()
    assert not Reading.objects.everyone(because="test").exists()


def test_an_id_number_in_the_name_field_is_sent_to_its_own(wang_shanshan: User, sign_in: SignIn) -> None:
    number = make_resident().id_number
    response = sign_in(wang_shanshan).post("/residents/search/", {"q": number})
    assert response.status_code == 422
    assert "请填到“证件号码”一栏" in response.content.decode()


def test_empty_states_say_what_to_do_next(wang_shanshan: User, sign_in: SignIn) -> None:
    client = sign_in(wang_shanshan)
    assert "范围内还没有登记" in page_of(client, "/households/")
    assert "没有符合条件的户" in page_of(client, "/households/?age_min=6")
    door = make_dwelling(GRID)
    assert "没有登记住人" in page_of(client, "/dwellings/?living=empty")
    assert total(page_of(client, "/dwellings/?living=lived")) == 0
    assert "没有登记住人" in page_of(client, f"/dwellings/{public_id('dwelling', door.pk)}/")


@pytest.mark.parametrize("address", [f"/{noun}/?age_min=1&makeup=child" for noun in LISTS])
def test_the_number_of_statements_does_not_grow_with_the_list(
    wang_shanshan: User, sign_in: SignIn, address: str
) -> None:
    client = sign_in(wang_shanshan)

    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(client, address)
        return len(queries)

    family(40, 9)
    page_of(client, address)
    few = counted()
    for _ in range(6):
        family(40, 38, 9)
        make_youth(grid=GRID, age=9)
    assert counted() == few <= 14


def test_a_persons_and_a_doors_page_have_a_constant_number_of_statements(
    wang_shanshan: User, sign_in: SignIn
) -> None:
    client = sign_in(wang_shanshan)
    counts = set()
    for ages in ((30,), (40, 38, 9, 7, 5)):
        door = family(*ages)
        resident = door.residences.earliest("pk").resident
        for address in (
            f"/dwellings/{public_id('dwelling', door.pk)}/", f"/residents/{public_id('resident', resident.pk)}/"
        ):  # fmt: skip
            page_of(client, address)
            with CaptureQueriesContext(connection) as queries:
                page_of(client, address)
            counts.add((address.split("/")[1], len(queries)))
    assert len(counts) == 2
    assert max(number for _, number in counts) <= 14


def test_htmx_gets_the_part_that_changes(wang_shanshan: User, sign_in: SignIn) -> None:
    family(30)
    response = sign_in(wang_shanshan).get("/households/", headers={"HX-Request": "true"})
    page = response.content.decode()
    assert page.startswith('<div id="people"')
    assert response["HX-Push-Url"] == "/households/"
    assert "HX-Request" in response["Vary"]
