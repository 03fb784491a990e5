"""The rules, by named cases at their edges, each with the clause it comes from. The day is always 2026-11-24."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from grids.models import Alert, User
from registry import rules
from registry.enrolments import add_months
from registry.models import Candidate, Category, Resident
from tests.factories import (
    HUAQIANG,
    PINGPU,
    make_dwelling,
    make_enrolment,
    make_fact,
    make_guardianship,
    make_household,
    make_residence,
    make_resident,
    make_youth,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
VILLAGE, TOWN = f"{PINGPU}001", f"{HUAQIANG}001"  # 平铺村 in 繁昌区 340212; 华强社区 in 鸠江区 340207
KUNSHAN, FANCHANG = "320583", "340212"


def ago(*, months: int = 0, days: int = 0) -> date:
    return add_months(TODAY, -months) - timedelta(days=days)


def turns(age: int, on: date = TODAY) -> date:
    """The birth date of somebody who turns that age on the day."""
    return on.replace(year=on.year - age)


def lives(
    grid: str = VILLAGE, *, birth_on: date | None = None, since: date | None = None, **fields: Any
) -> Resident:
    """Somebody of eleven, unless told otherwise, who lives in the grid."""
    dwelling = fields.pop("dwelling", None) or make_dwelling(grid)
    return make_resident("陈雨桐", birth_on or date(2015, 3, 2), dwelling=dwelling, since=since, **fields)


def parent(name: str = "陈建军", *, sex: str = "1", **fields: Any) -> Resident:
    return make_resident(name, date(1985, 6, 1), sex=sex, **fields)


def topics(resident: Resident, *, kind: str = "enter", state: str = "open") -> dict[str, str]:
    """Topic → reason of the candidates of this person."""
    rows = resident.candidates.filter(kind=kind, state=state).select_related("category")
    return {row.topic: row.reason for row in rows}


def suggested(resident: Resident, topic: str) -> bool:
    rules.suggest(topic, today=TODAY)
    return topic in topics(resident)


# --- 农村留守儿童: 国发〔2016〕13号 一; 民发〔2016〕42号; 2024 monitoring rounds


def left_behind(
    *, father: dict[str, Any] | None = None, mother: dict[str, Any] | None = None, **child_fields: Any
) -> Resident:
    """A child in 平铺村 whose parents both left for 昆山 a year ago, unless told otherwise."""
    child = lives(**child_fields)
    usual: dict[str, Any] = {
        "status": "away_for_work",
        "destination_code": KUNSHAN,
        "starts_on": ago(months=12),
    }
    make_guardianship(child, "陈建军", **{"relation": "51", **usual, **(father or {})})
    make_guardianship(child, "孙丽", **{"relation": "52", **usual, **(mother or {})})
    return child


AT_HOME: dict[str, Any] = {"status": "at_home", "starts_on": date(2015, 3, 2)}
LEFT_BEHIND: dict[str, tuple[dict[str, Any], bool]] = {
    "both away for a year": ({}, True),
    "the day before the 16th birthday": ({"birth_on": turns(16, TODAY + timedelta(days=1))}, True),
    "on the 16th birthday": ({"birth_on": turns(16)}, False),
    "from birth": ({"birth_on": ago(days=5), "father": {}, "mother": {}}, True),
    "six months away": ({"father": {"starts_on": ago(months=6)}}, True),
    "six months but a day": ({"father": {"starts_on": ago(months=6, days=-1)}}, False),
    "away inside the same county": ({"father": {"destination_code": FANCHANG}}, False),
    "in another district of the city": ({"father": {"destination_code": "340207"}}, True),
    "where to is not known": ({"father": {"destination_code": ""}}, False),
    "one parent at home and able": ({"mother": AT_HOME}, False),
    "one away, the other gravely ill": ({"mother": {"status": "severely_ill"}}, True),
    "one away, the other dead": ({"mother": {"status": "deceased"}}, True),
    "one away, the other missing": ({"mother": {"status": "missing"}}, True),
    "one away, the other in prison": ({"mother": {"status": "in_prison"}}, True),
    "both unable, nobody away": ({"father": {"status": "missing"}, "mother": {"status": "deceased"}}, False),
    "of the other nothing is known": ({"mother": {"status": "unknown"}}, False),
    "registered in town": ({"hukou_is_rural": False}, False),
    "rural or not is unknown, lives in a village": ({"hukou_is_rural": None}, True),
    "rural or not is unknown, lives in town": ({"hukou_is_rural": None, "grid": TOWN}, False),
}


@pytest.mark.parametrize(("case", "expected"), LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_left_behind(case: dict[str, Any], *, expected: bool) -> None:
    child = left_behind(**case)
    assert suggested(child, "left_behind") is expected
    if expected:
        assert child.candidates.get().clause.startswith("国发〔2016〕13号 一")


def test_the_reason_says_who_is_away_since_when_and_who_cares() -> None:
    child = left_behind(mother={"status": "severely_ill", "starts_on": date(2024, 5, 6)})
    make_guardianship(child, "赵秀珍", relation="62", kind="entrusted", status="at_home")
    rules.suggest(today=TODAY)
    assert topics(child)["left_behind"] == (
        f"父亲自 {ago(months=12)} 起在江苏省昆山市务工，母亲重病重残自 2024-05-06，随祖母居住"
    )


def away_fact(person: Resident, start: date, end: date | None = None, to: str = KUNSHAN) -> None:
    make_fact(person, "away_for_work", starts_on=start, ends_on=end, destination_code=to)


@pytest.mark.parametrize(("gap", "expected"), [(12, True), (30, True), (31, False)])
def test_a_short_return_does_not_begin_the_months_anew(gap: int, *, expected: bool) -> None:
    """2024 monitoring rounds: 偶尔回家探亲、休假不中断."""
    father, mother = parent(), parent("孙丽", sex="2")
    child = lives()
    for person, relation in ((father, "51"), (mother, "52")):
        make_guardianship(child, person, relation=relation, status="unknown")
    away_fact(mother, ago(months=12))
    away_fact(father, ago(months=10), ago(months=2, days=gap))
    away_fact(father, ago(months=2))
    assert suggested(child, "left_behind") is expected


def test_a_parent_at_home_who_is_gravely_disabled_cannot_care() -> None:
    mother = parent("孙丽", sex="2")
    child = lives()
    make_guardianship(
        child, "陈建军", status="away_for_work", destination_code=KUNSHAN, starts_on=ago(months=8)
    )
    make_guardianship(child, mother, relation="52", **AT_HOME)
    make_fact(mother, "disabled", level="3", starts_on=date(2010, 1, 1))
    assert not suggested(child, "left_behind")
    make_fact(mother, "disabled", level="1", starts_on=date(2011, 1, 1))
    assert suggested(child, "left_behind")


def test_a_stepfather_at_home_is_a_father_at_home() -> None:
    child = left_behind(father={"status": "deceased"})
    make_guardianship(child, "李强", relation="57", status="at_home")
    assert not suggested(child, "left_behind")


def test_a_parent_who_came_back_since_is_at_home() -> None:
    father = parent()
    child = lives()
    away_fact(father, ago(months=20))
    make_guardianship(
        child,
        "孙丽",
        relation="52",
        status="away_for_work",
        destination_code=KUNSHAN,
        starts_on=ago(months=9),
    )
    told = make_guardianship(child, father, status="at_home", starts_on=ago(days=3))
    assert not suggested(child, "left_behind")
    type(told).objects.everyone(because="test").filter(pk=told.pk).update(starts_on=date(2015, 3, 2))
    assert suggested(child, "left_behind")


# --- 服刑在教人员未成年子女: 重点青少年统计口径, under 18


def custody(
    kind: str = "in_prison", *, birth_on: date | None = None, **fact: Any
) -> tuple[Resident, Resident]:
    """A child whose father, by the justice bureau, is inside since March; the mother is at home."""
    father = parent()
    child = lives(birth_on=birth_on)
    make_guardianship(child, father, status="unknown")
    make_guardianship(child, "孙丽", relation="52", status="at_home")
    make_fact(father, kind, **{"starts_on": date(2026, 3, 1), "source_id": "justice", **fact})
    return child, father


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("in_prison", "父亲服刑自 2026-03-01，随母亲居住"),
        ("in_detox", "父亲强制隔离戒毒自 2026-03-01，随母亲居住"),
    ],
)
def test_a_parent_inside_makes_a_candidate(kind: str, reason: str) -> None:
    child, father = custody(kind)
    rules.suggest(today=TODAY)
    assert topics(child) == {"custody_child": reason}
    assert not father.candidates.exists()
    assert child.candidates.get().is_quiet


CUSTODY: dict[str, tuple[dict[str, Any], bool]] = {
    "the day before the 18th birthday": ({"birth_on": turns(18, TODAY + timedelta(days=1))}, True),
    "on the 18th birthday": ({"birth_on": turns(18)}, False),
    "born last week": ({"birth_on": ago(days=7)}, True),
    "since today": ({"starts_on": TODAY}, True),
    "released yesterday": ({"ends_on": ago(days=1)}, False),
    "released today": ({"ends_on": TODAY}, False),
    "to be released tomorrow": ({"ends_on": TODAY + timedelta(days=1)}, True),
    "only restricted in freedom": ({"kind": "detained"}, False),
}


@pytest.mark.parametrize(("case", "expected"), CUSTODY.values(), ids=CUSTODY)
def test_custody_child(case: dict[str, Any], *, expected: bool) -> None:
    child, _ = custody(**case)
    assert suggested(child, "custody_child") is expected


def test_families_are_joined_through_the_head_where_no_guardianship_is_known() -> None:
    """GB/T 4761: 41–44 are grandchildren; the son of the head and who married in are the parents."""
    home, house = make_dwelling(VILLAGE), make_household()
    make_resident("陈大山", date(1955, 1, 1), dwelling=home, household=house, relation="02")
    father = parent(household=house, relation="21")
    child = lives(dwelling=home, household=house, relation="42")
    make_fact(father, "in_prison", starts_on=date(2026, 3, 1))
    rules.suggest(today=TODAY)
    assert topics(child)["custody_child"] == "父亲（按户内关系）服刑自 2026-03-01，随祖父居住"


def test_of_two_sons_in_one_household_neither_is_taken_for_the_father() -> None:
    home, house = make_dwelling(VILLAGE), make_household()
    make_resident("陈大山", date(1955, 1, 1), dwelling=home, household=house, relation="02")
    uncle = parent("陈建国", household=house, relation="22")
    parent("陈建军", household=house, relation="23")
    child = lives(dwelling=home, household=house, relation="41")
    make_fact(uncle, "in_prison", starts_on=date(2026, 3, 1))
    assert not suggested(child, "custody_child")


def test_a_brother_inside_is_no_parent_inside() -> None:
    home, house = make_dwelling(VILLAGE), make_household()
    brother = make_resident("陈小军", date(2005, 1, 1), household=house, relation="22", dwelling=home)
    child = lives(dwelling=home, household=house, relation="33")
    make_fact(brother, "in_prison", starts_on=date(2026, 3, 1))
    rules.suggest(today=TODAY)
    assert not child.candidates.exists()
    assert not brother.candidates.exists()


def test_the_register_of_families_may_lag_behind_a_release() -> None:
    child, father = custody(ends_on=ago(days=9))
    father.wards.update(status="in_prison", starts_on=date(2026, 3, 5))
    assert not suggested(child, "custody_child")


# --- 闲散青少年: 重点青少年统计口径; 6–15 not in school, 16–25 neither in school nor at work, six months


def idle(age_day: date, *facts: tuple[str, date, date | None]) -> Resident:
    person = lives(TOWN, birth_on=age_day)
    for kind, start, end in facts:
        make_fact(person, kind, starts_on=start, ends_on=end)
    return person


LEFT_SCHOOL = ("in_school", date(2022, 9, 1), ago(months=7))
NINETEEN, TWELVE = turns(19, date(2026, 5, 4)), turns(12, date(2026, 5, 4))
IDLE: dict[str, tuple[date, list[tuple[str, date, date | None]], bool]] = {
    "left school seven months ago": (NINETEEN, [LEFT_SCHOOL], True),
    "six months": (NINETEEN, [("in_school", date(2022, 9, 1), ago(months=6))], True),
    "five months": (NINETEEN, [("in_school", date(2022, 9, 1), ago(months=5))], False),
    "six months but a day": (NINETEEN, [("in_school", date(2022, 9, 1), ago(months=6, days=-1))], False),
    "has work": (NINETEEN, [LEFT_SCHOOL, ("employed", ago(months=3), None)], False),
    "had work until two months ago": (NINETEEN, [LEFT_SCHOOL, ("employed", ago(months=6), ago(months=2))], False),
    "back in school": (NINETEEN, [LEFT_SCHOOL, ("in_school", ago(months=2), None)], False),
    "registered as unemployed": (NINETEEN, [("unemployed", ago(months=8), None)], True),
    "unemployed since, though nobody ended the job": (
        NINETEEN, [("employed", ago(months=30), None), ("unemployed", ago(months=8), None)], True),
    "nothing was ever said": (NINETEEN, [], False),
    "ill": (NINETEEN, [LEFT_SCHOOL, ("ill", ago(months=7), None)], False),
    "was ill": (NINETEEN, [LEFT_SCHOOL, ("ill", ago(months=7), ago(months=1))], True),
    "disabled": (NINETEEN, [LEFT_SCHOOL, ("disabled", ago(months=90), None)], False),
    "a family emergency": (NINETEEN, [LEFT_SCHOOL, ("family_emergency", ago(months=1), None)], False),
    "prepares for an exam, eleven months": (NINETEEN, [LEFT_SCHOOL, ("preparing", ago(months=11), None)], False),
    "prepares, twelve months": (NINETEEN, [LEFT_SCHOOL, ("preparing", ago(months=12), None)], True),
    "twelve years old and out of school": (TWELVE, [LEFT_SCHOOL], True),
    "twelve, dropped out though school did not end it": (
        TWELVE, [("in_school", date(2022, 9, 1), None), ("dropped_out", ago(months=8), None)], True),
    "twelve, dropped out and came back": (
        TWELVE, [("dropped_out", ago(months=8), None), ("in_school", ago(months=2), None)], False),
    "fifteen and at work instead of in school": (
        turns(16, TODAY + timedelta(days=1)), [LEFT_SCHOOL, ("employed", ago(months=7), None)], True),
    "sixteen today and at work": (turns(16), [LEFT_SCHOOL, ("employed", ago(months=7), None)], False),
    "six today": (turns(6), [("in_school", date(2023, 9, 1), ago(months=7))], True),
    "six tomorrow": (turns(6, TODAY + timedelta(days=1)), [("in_school", date(2023, 9, 1), ago(months=7))], False),
    "the day before the 26th birthday": (turns(26, TODAY + timedelta(days=1)), [LEFT_SCHOOL], True),
    "on the 26th birthday": (turns(26), [LEFT_SCHOOL], False),
}  # fmt: skip


@pytest.mark.parametrize(("born", "facts", "expected"), IDLE.values(), ids=IDLE)
def test_idle(born: date, facts: list[tuple[str, date, date | None]], *, expected: bool) -> None:
    assert suggested(idle(born, *facts), "idle") is expected


def test_the_months_are_those_of_the_table_of_categories() -> None:
    person = idle(NINETEEN, ("in_school", date(2022, 9, 1), ago(months=5)))
    Category.objects.filter(code="idle").update(months=4)
    assert suggested(person, "idle")


def test_the_words_say_what_ended_and_when() -> None:
    grown = idle(
        NINETEEN, ("in_school", date(2022, 9, 1), date(2026, 2, 1)), ("unemployed", date(2026, 3, 1), None)
    )
    pupil = idle(
        TWELVE, ("in_school", date(2022, 9, 1), date(2026, 2, 1)), ("dropped_out", date(2026, 2, 1), None)
    )
    rules.suggest(today=TODAY)
    assert topics(grown) == {"idle": "自 2026-02-01 起不在学、未就业，已作失业登记"}
    assert topics(pupil) == {"idle": "自 2026-02-01 起不在校就读，已辍学"}


# --- 流浪乞讨青少年


STREET = {
    "in the station now": (NINETEEN, ago(days=3), None, True),
    "left it last month": (NINETEEN, ago(months=2), ago(months=1), True),
    "more than a year ago": (NINETEEN, ago(months=14), ago(months=12), False),
    "five years old": (turns(6, TODAY + timedelta(days=1)), ago(days=3), None, False),
    "on the 26th birthday": (turns(26), ago(days=3), None, False),
    "the day before": (turns(26, TODAY + timedelta(days=1)), ago(days=3), None, True),
}


@pytest.mark.parametrize(("born", "start", "end", "expected"), STREET.values(), ids=STREET)
def test_street(born: date, start: date, end: date | None, *, expected: bool) -> None:
    person = lives(TOWN, birth_on=born)
    make_fact(person, "sheltered", starts_on=start, ends_on=end, unit="芜湖市救助管理站")
    assert suggested(person, "street") is expected


def test_who_has_no_home_here_is_no_grid_s_candidate() -> None:
    person = make_resident("张小海", NINETEEN)
    make_fact(person, "sheltered", starts_on=ago(days=3))
    assert not suggested(person, "street")


# --- Other help: 事实无人抚养儿童 (民发〔2019〕62号, 民发〔2020〕125号), 流动儿童 (2024 年行动方案)


UNATTENDED: dict[str, tuple[tuple[str, date, date | None], tuple[str, date, date | None], bool]] = {
    "both in prison": (("in_prison", ago(months=9), None), ("in_prison", ago(months=7), None), True),
    "one only since five months, no end known": (
        ("in_prison", ago(months=9), None), ("in_prison", ago(months=5), None), False),
    "one since five months, for a year": (
        ("in_prison", ago(months=9), None), ("in_prison", ago(months=5), TODAY + timedelta(days=215)), True),
    "one dead, the other missing for half a year": (
        ("deceased", ago(months=90), None), ("missing", ago(months=6), None), True),
    "one dead, the other missing for five months": (
        ("deceased", ago(months=90), None), ("missing", ago(months=5), None), False),
    "both dead: an orphan, helped in another way": (
        ("deceased", ago(months=90), None), ("deceased", ago(months=9), None), False),
    "one gravely disabled, the other deprived of custody": (
        ("disabled", ago(months=90), None), ("custody_revoked", ago(months=1), None), True),
    "one in prison, the other away for work": (
        ("in_prison", ago(months=9), None), ("away_for_work", ago(months=9), None), False),
}  # fmt: skip


@pytest.mark.parametrize(("father_is", "mother_is", "expected"), UNATTENDED.values(), ids=UNATTENDED)
def test_unattended_in_fact(
    father_is: tuple[str, date, date | None], mother_is: tuple[str, date, date | None], *, expected: bool
) -> None:
    child = lives()
    for person, relation, (kind, start, end) in (
        (parent(), "51", father_is),
        (parent("孙丽", sex="2"), "52", mother_is),
    ):
        make_guardianship(child, person, relation=relation, status="unknown")
        level = "1" if kind == "disabled" else ""
        make_fact(person, kind, starts_on=start, ends_on=end, level=level)
    assert suggested(child, "unattended_in_fact") is expected


@pytest.mark.parametrize(
    ("born", "expected"), [(turns(18, TODAY + timedelta(days=1)), True), (turns(18), False)]
)
def test_unattended_ends_on_the_eighteenth_birthday(born: date, *, expected: bool) -> None:
    child = lives(birth_on=born)
    make_guardianship(child, "陈建军", status="deceased")
    make_guardianship(child, "孙丽", relation="52", status="severely_ill")
    assert suggested(child, "unattended_in_fact") is expected


def moving(
    hukou: str = "340124203201", *, since: date | None = None, grid: str = TOWN, **fields: Any
) -> Resident:
    """A child of another county who lives here with the mother."""
    home, house = make_dwelling(grid), make_household()
    parent("孙丽", sex="2", dwelling=home, household=house, relation="02")
    return lives(
        dwelling=home,
        household=house,
        relation="31",
        hukou_code=hukou,
        since=since or ago(months=8),
        **fields,
    )


MOVING: dict[str, tuple[dict[str, Any], bool]] = {
    "from another county, eight months": ({}, True),
    "six months": ({"since": ago(months=6)}, True),
    "six months but a day": ({"since": ago(months=6, days=-1)}, False),
    "from another district of the city": ({"hukou": "340212103202"}, False),
    "from a county of the city": ({"hukou": "340281105201"}, True),
    "registered here": ({"hukou": HUAQIANG}, False),
    "nowhere registered": ({"hukou": ""}, False),
    "the day before the 16th birthday": ({"birth_on": turns(16, TODAY + timedelta(days=1))}, True),
    "on the 16th birthday": ({"birth_on": turns(16)}, False),
}


@pytest.mark.parametrize(("case", "expected"), MOVING.values(), ids=MOVING)
def test_moving_child(case: dict[str, Any], *, expected: bool) -> None:
    assert suggested(moving(**case), "moving_child") is expected


def test_a_move_within_the_place_of_arrival_is_no_new_beginning() -> None:
    child = moving(since=ago(months=8))
    child.residences.update(ends_on=ago(months=1))
    mother = Resident.objects.everyone(because="test").get(household=child.household, relation="02")
    mother.residences.update(ends_on=ago(months=1))
    new_home = make_dwelling(f"{HUAQIANG}002")
    for person in (child, mother):
        make_residence(person, new_home, starts_on=ago(months=1))
    assert suggested(child, "moving_child")


def test_a_child_who_lives_with_no_grown_up_of_the_family_is_not_moving_with_one() -> None:
    child = lives(TOWN, hukou_code="340124203201", since=ago(months=8))
    assert not suggested(child, "moving_child")


# --- Who is left out


def test_who_is_enrolled_is_not_suggested() -> None:
    child, _ = custody()
    make_enrolment(make_youth(resident=child), "custody_child")
    assert not suggested(child, "custody_child")


def test_who_died_is_not_suggested() -> None:
    child = left_behind()
    make_fact(child, "deceased", starts_on=ago(days=3))
    assert not suggested(child, "left_behind")


def test_what_a_person_ended_does_not_come_back_on_older_facts() -> None:
    child = left_behind()
    youth = make_youth(resident=child)
    make_enrolment(
        youth, starts_on=ago(months=3), ends_on=ago(days=20), end_reason="外婆来照顾，父亲每周回家"
    )
    assert not suggested(child, "left_behind")
    youth.resident.guardianships.filter(relation="51").update(status="missing", starts_on=ago(days=2))
    assert suggested(child, "left_behind")


def test_nobody_is_suggested_for_misconduct() -> None:
    """It rests on what people say; there is no fact of it to read (预防未成年人犯罪法 art. 59)."""
    person = idle(NINETEEN, ("truant", ago(months=8), None))
    assert not suggested(person, "misconduct")


def test_an_arrival_under_twenty_six_is_a_candidate_where_he_or_she_lives_now() -> None:
    person = idle(NINETEEN, LEFT_SCHOOL)
    rules.suggest(today=TODAY)
    assert person.candidates.get().grid_id == TOWN


def test_who_has_a_file_elsewhere_is_the_candidate_of_the_grid_that_answers() -> None:
    person = idle(NINETEEN, LEFT_SCHOOL)
    make_youth(resident=person, grid=VILLAGE)
    rules.suggest(today=TODAY)
    assert person.candidates.get().grid_id == VILLAGE


# --- Leaving: only what became so after the enrolment began


def enrolled(resident: Resident, category: str, *, months: int = 10) -> Resident:
    make_enrolment(make_youth(resident=resident), category, starts_on=ago(months=months))
    return resident


def leaving(resident: Resident) -> dict[str, str]:
    rules.suggest(today=TODAY)
    return topics(resident, kind="leave")


def test_age_ends_every_category_on_the_birthday() -> None:
    for category, last in (
        ("left_behind", 15),
        ("custody_child", 17),
        ("idle", 25),
        ("street", 25),
        ("misconduct", 25),
    ):
        still = enrolled(lives(birth_on=turns(last + 1, TODAY + timedelta(days=1))), category)
        over = enrolled(lives(birth_on=turns(last + 1)), category)
        assert category not in leaving(still) or category == "misconduct"
        assert leaving(over)[category] == f"已满 {last + 1} 周岁"


def test_a_parent_at_home_again_ends_left_behind() -> None:
    child = enrolled(left_behind(), "left_behind")
    assert leaving(child) == {}
    child.guardianships.filter(relation="52").update(
        status="at_home", destination_code="", starts_on=ago(days=40)
    )
    assert leaving(child) == {"left_behind": f"母亲自 {ago(days=40)} 起在家"}


def test_a_parent_whom_the_worker_knew_to_be_at_home_does_not() -> None:
    assert leaving(enrolled(left_behind(mother=AT_HOME), "left_behind")) == {}


def test_a_release_ends_custody() -> None:
    child, father = custody(starts_on=ago(months=14))
    enrolled(child, "custody_child")
    assert leaving(child) == {}
    father.facts.update(ends_on=ago(days=5))
    assert leaving(child) == {"custody_child": f"父母服刑、戒毒已于 {ago(days=5)} 结束"}
    assert child.candidates.get(state="open").is_quiet


def test_school_or_work_ends_idle_and_so_does_an_exclusion() -> None:
    cases = (("in_school", "在学"), ("employed", "就业"), ("preparing", "备考培训"), ("ill", "患病"))
    for kind, word in cases:
        person = enrolled(idle(NINETEEN, LEFT_SCHOOL, (kind, ago(months=1), None)), "idle", months=3)
        assert leaving(person) == {"idle": f"自 {ago(months=1)} 起{word}"}


def test_work_does_not_end_it_for_a_pupil() -> None:
    person = enrolled(idle(TWELVE, LEFT_SCHOOL, ("employed", ago(months=1), None)), "idle", months=3)
    assert leaving(person) == {}


@pytest.mark.parametrize(("months", "expected"), [(11, False), (12, True)])
def test_twelve_months_end_misconduct_quietly(months: int, *, expected: bool) -> None:
    person = enrolled(lives(birth_on=NINETEEN), "misconduct", months=months)
    assert ("misconduct" in leaving(person)) is expected
    assert all(candidate.is_quiet for candidate in person.candidates.all())


def test_a_guardian_at_home_ends_street() -> None:
    person = enrolled(lives(birth_on=TWELVE), "street", months=4)
    make_fact(person, "sheltered", starts_on=ago(months=5), ends_on=ago(months=4))
    make_guardianship(person, "李叔", relation="83", status="at_home", starts_on=ago(months=2))
    assert leaving(person) == {"street": f"自 {ago(months=2)} 起有监护人在家照护"}


# --- Again and again


def test_running_again_changes_nothing() -> None:
    left_behind()
    custody()
    first = rules.suggest(today=TODAY)
    again = rules.suggest(today=TODAY)
    assert first.new == 2
    assert (again.new, again.renewed, again.withdrawn, again.alerts) == (0, 0, 0, 0)


def test_a_candidate_whose_facts_ended_is_withdrawn() -> None:
    child, father = custody()
    rules.suggest(today=TODAY)
    father.facts.update(ends_on=ago(days=1))
    assert rules.suggest(today=TODAY).withdrawn == 1
    assert topics(child) == {}
    assert child.candidates.get().state == Candidate.State.WITHDRAWN


def test_a_corrected_feed_changes_the_words_of_the_same_candidate() -> None:
    child, father = custody()
    rules.suggest(today=TODAY)
    before = child.candidates.get()
    father.facts.update(starts_on=date(2026, 4, 1))
    assert rules.suggest(today=TODAY).renewed == 1
    after = child.candidates.get()
    assert (after.pk, after.reason) == (before.pk, "父亲服刑自 2026-04-01，随母亲居住")


def set_aside(candidate: Candidate, by: User) -> None:
    Candidate.objects.everyone(because="test").filter(pk=candidate.pk).update(
        state="set_aside", decided_by=by, decided_at="2026-11-20T08:00:00Z", decision_reason="母亲在家"
    )


def test_what_was_set_aside_comes_back_only_when_something_new_is_known(yang_ying: User) -> None:
    child, father = custody()
    rules.suggest(today=TODAY)
    set_aside(child.candidates.get(), yang_ying)
    assert rules.suggest(today=TODAY).new == 0
    make_fact(father, "in_detox", starts_on=date(2026, 6, 1))
    assert rules.suggest(today=TODAY).new == 0  # the prison term still carries it
    make_fact(parent_of(child), "in_prison", starts_on=date(2026, 9, 1))
    assert rules.suggest(today=TODAY).new == 1


def parent_of(child: Resident) -> Resident:
    """The mother becomes known as a resident."""
    mother = parent("孙丽", sex="2")
    child.guardianships.filter(relation="52").update(guardian=mother)
    return mother


def test_somebody_who_moves_is_the_candidate_of_the_new_grid() -> None:
    person = idle(NINETEEN, LEFT_SCHOOL)
    rules.suggest(today=TODAY)
    person.residences.update(ends_on=ago(days=2))
    make_residence(person, make_dwelling(VILLAGE), starts_on=ago(days=2))
    rules.suggest(residents=[person.pk], today=TODAY)
    assert person.candidates.get().grid_id == VILLAGE


def test_one_category_alone_leaves_the_others_as_they_are() -> None:
    child = left_behind()
    custody()
    rules.suggest(today=TODAY)
    child.guardianships.update(status="at_home")
    rules.suggest("custody_child", today=TODAY)
    assert "left_behind" in topics(child)
    with pytest.raises(ValueError, match="没有这个类别"):
        rules.suggest("nothing")


# --- After a batch


def test_the_people_touched_take_their_children_along() -> None:
    child, father = custody()
    other, _ = custody()
    assert rules.suggest(residents=[father.pk], today=TODAY).new == 1
    assert "custody_child" in topics(child)
    assert topics(other) == {}


def test_a_batch_names_them_in_a_temporary_table(fanchang_worker: User) -> None:
    _, father = custody()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE touched_resident (resident_id bigint) ON COMMIT DROP")
        cursor.execute("INSERT INTO touched_resident VALUES (%s), (NULL), (%s)", [father.pk, father.pk])
    assert rules.suggest_touched().new == 1
    assert rules.suggest(residents=[father.pk]).new == 0
    with pytest.raises(ValueError, match="not a table"):
        rules.suggest_touched("x; DROP TABLE y")


def test_a_batch_of_homes_looks_at_those_who_moved_and_at_nobody_else() -> None:
    child, father = custody()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE touched_resident (resident_id bigint) ON COMMIT DROP")
        cursor.execute("INSERT INTO touched_resident VALUES (%s)", [father.pk])
    assert rules.suggest_touched(only_moved=True).new == 0
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO touched_resident VALUES (%s)", [child.pk])
    assert rules.suggest_touched(only_moved=True).new == 1


Cast = Callable[[], Resident]
EVERYBODY: list[Cast] = [
    left_behind,
    lambda: left_behind(mother={"status": "in_prison"}),
    lambda: left_behind(mother=AT_HOME),
    lambda: custody()[0],
    lambda: idle(NINETEEN, LEFT_SCHOOL),
    lambda: idle(TWELVE, LEFT_SCHOOL, ("ill", ago(months=2), None)),
    moving,
    lambda: enrolled(lives(birth_on=turns(16)), "left_behind"),
    lambda: enrolled(idle(NINETEEN, LEFT_SCHOOL, ("employed", ago(months=1), None)), "idle", months=3),
]


def test_touched_one_by_one_they_come_out_as_in_the_whole_city() -> None:
    people = [make() for make in EVERYBODY]
    for person in people:
        rules.suggest(residents=[person.pk], today=TODAY)
    rows = Candidate.objects.everyone(because="test").values_list(
        "resident_id", "reason", "fingerprint", "grid_id"
    )
    one_by_one = set(rows)
    assert len(one_by_one) >= 6
    whole = rules.suggest(today=TODAY)
    assert (whole.new, whole.renewed, whole.withdrawn) == (0, 0, 0)


def test_what_only_rules_wrote_can_be_forgotten_with_the_person(yang_ying: User) -> None:
    child, _ = custody()
    other, _ = custody()
    rules.suggest(today=TODAY)
    set_aside(other.candidates.get(), yang_ying)
    assert rules.forget([child.pk, other.pk]) == 1
    assert not child.candidates.exists()
    assert other.candidates.exists()


# --- Alerts


def test_the_worker_gets_one_alert_a_grid_and_batch_and_it_does_not_say_why(fanchang_worker: User) -> None:
    left_behind()
    custody()
    rules.suggest(today=TODAY)
    alert = Alert.objects.of(fanchang_worker).get()
    assert alert.text == "第1网格有 2 条新线索，请走访"
    assert alert.path == f"/candidates/?division={VILLAGE}"
    assert alert.subject_id is None
    custody()
    rules.suggest(today=TODAY)
    assert [a.text for a in Alert.objects.of(fanchang_worker).open()] == ["第1网格有 1 条新线索，请走访"]


def test_who_answers_for_several_grids_of_a_community_gets_one_alert(yang_ying: User) -> None:
    for number in (1, 1, 2, 5):
        left_behind(grid=f"{HUAQIANG}{number:03d}")
    rules.suggest(today=TODAY)
    alert = Alert.objects.of(yang_ying).get()
    assert alert.text == "各网格有 4 条新线索，请走访"
    assert alert.path == f"/candidates/?division={HUAQIANG}"


def test_the_alert_of_somebody_who_no_longer_answers_is_done_by_the_night(fanchang_worker: User) -> None:
    left_behind()
    rules.suggest(today=TODAY)
    fanchang_worker.assignments.update(ends_on=date(2026, 1, 1))
    rules.suggest(today=TODAY)
    assert not Alert.objects.of(fanchang_worker).open().exists()


def test_when_nothing_is_left_to_visit_the_alert_is_done(fanchang_worker: User) -> None:
    _, father = custody()
    rules.suggest(today=TODAY)
    father.facts.update(ends_on=ago(days=1))
    rules.suggest(today=TODAY)
    assert not Alert.objects.of(fanchang_worker).open().exists()
