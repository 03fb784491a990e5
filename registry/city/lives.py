"""What departments know of an ordinary life: school, work, guardians, a parent away, disability, low income."""

import csv
from datetime import date
from functools import lru_cache
from random import Random

from . import words
from .makers import Maker
from .people import YEAR, Fact, Guardian, Household, Person, age
from .places import DATA, counties
from .seeds import chance

IN_SCHOOL, EMPLOYED, AWAY = "在学", "就业", "外出务工"
PARENT, ENTRUSTED, AT_HOME = "父母", "委托", "在家"
WORK_AGES = (16, 35)  # employment facts are made for these ages: what a register of the young asks for
MONTH = 30.44


@lru_cache(maxsize=1)
def work_counties() -> list[str]:
    """Where people of Anhui go for work: Shanghai, Jiangsu, Zhejiang, Guangdong."""
    return [code for code in counties() if code[:2] in ("31", "32", "33", "44")]


@lru_cache(maxsize=1)
def county_names() -> dict[str, str]:
    with (DATA / "china_counties.csv").open(encoding="utf-8") as file:
        rows = {row["code"]: row["name"] for row in csv.DictReader(file)}
    skip = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}
    names = {}
    for code, name in rows.items():
        parts = [rows.get(code[:2], ""), rows.get(code[:4], ""), name]
        names[code] = "".join(dict.fromkeys(part for part in parts if part and part not in skip))
    return names


class Lives:
    """Gives the members of a household their facts and guardians, unless someone's story is `told` already."""

    def __init__(self, maker: Maker, seed: int) -> None:
        self.maker, self.today = maker, maker.today
        self.rng: Random = chance(seed, "lives", maker.community.code)
        where = maker.community
        town = where.street_name.removesuffix("街道").removesuffix("镇")
        self.schools = {
            "kindergarten": [f"{where.base_name}幼儿园", f"{town}中心幼儿园"],
            "primary": [f"{town}中心小学", f"{where.base_name}小学", f"{town}第二小学"],
            "middle": [f"{town}初级中学", f"{town}中学"],
            "high": [
                f"{where.district_name[:2]}第一中学",
                f"{where.district_name[:2]}第二中学",
                "芜湖职业技术学校",
            ],
            "college": list(words.COLLEGES),
        }
        now = date.fromordinal(self.today)
        self.year = now.year if now >= date(now.year, 9, 1) else now.year - 1  # the school year that runs
        self.september = date(self.year, 9, 1).toordinal()

    def months_ago(self, least: float, most: float) -> int:
        return self.today - int((least + (most - least) * self.rng.random()) * MONTH)

    def household(self, house: Household, told: set[int]) -> None:
        for member in house.members:
            if member.id in told:
                continue
            years = (self.today - member.born) / YEAR
            if years < 18 and not member.guardians:
                self.parents_as_guardians(member)
            if 3.2 <= years < 36:
                self.school_or_work(member)
            elif self.rng.random() < 0.012:
                member.facts.append(Fact("残疾", self.months_ago(12, 150), level=self.rng.choice("1223344")))
        if self.rng.random() < 0.015 and house.members and house.members[0].id not in told:
            house.members[0].facts.append(Fact("低保", self.months_ago(3, 40)))

    def parents_as_guardians(self, child: Person) -> None:
        for parent, relation in ((child.father, "51"), (child.mother, "52")):
            if parent is not None:
                status = AWAY if parent.away_to else AT_HOME
                since = next((fact.since for fact in parent.facts if fact.item == AWAY), child.born)
                since = max(child.born, since)
                child.guardians.append(Guardian(parent, relation, PARENT, status, since, parent.away_to))

    def parent_may_leave(self, house: Household, share: float) -> None:
        """In some families the father works elsewhere while the mother is at home."""
        minors = [member for member in house.members if member.born > self.today - 18 * YEAR]
        father = minors[0].father if minors else None
        mother = minors[0].mother if minors else None
        if father and mother and father in house.members and self.rng.random() < share:
            self.away(father, self.months_ago(3, 70))

    def away(self, person: Person, since: int, county: str = "") -> None:
        """The person lives elsewhere for work: no residence in the city any more."""
        person.away_to = county or self.rng.choice(work_counties())
        person.lives_here = False
        person.facts.append(Fact(AWAY, since, county=person.away_to))

    def school_or_work(self, person: Person) -> None:
        random = self.rng.random
        school_age = age(person.born, self.september)
        if school_age <= 17 or (school_age <= 21 and random() < 0.5):
            self.attend(person)
        elif age(person.born, self.today) <= WORK_AGES[1]:
            share = random()
            if share < 0.94 or person.away_to:
                if not person.away_to:
                    self.employ(person)
            elif share < 0.96 and person.born > self.today - 26 * YEAR:
                person.facts.append(
                    Fact("备考培训", self.months_ago(1, 6), unit=self.rng.choice(words.COLLEGES))
                )
            elif share < 0.97:
                person.facts.append(Fact("残疾", self.months_ago(12, 90), level=self.rng.choice("1234")))
            else:
                self.employ(person)

    def employ(self, person: Person) -> None:
        since = max(self.months_ago(2, 80), person.born + int(16 * YEAR))
        person.facts.append(Fact(EMPLOYED, since, unit=self.rng.choice(words.EMPLOYERS)))

    def attend(self, person: Person, until: int = 0) -> None:
        """In school at the level of the person's age, since the September in which that level began."""
        years = age(person.born, min(self.september, until or self.september))
        level, first = "kindergarten", 3
        for name, begins in (("primary", 6), ("middle", 12), ("high", 15), ("college", 18)):
            if years >= begins:
                level, first = name, begins
        born = date.fromordinal(person.born)
        started = born.year + first + ((born.month, born.day) > (9, 1))
        since = date(min(started, self.year), 9, 1).toordinal()
        since = max(since, person.born)
        if until and since >= until:
            since = until - 200
        person.facts.append(Fact(IN_SCHOOL, since, until, unit=self.rng.choice(self.schools[level])))
