"""Families of the five categories: what happened, what departments know of it, and on what the worker goes.

Each maker returns a `Finding`: the young person, the evidence in words, and since when. The rules that these
families meet (ages, months, 户籍, across a county line) are those of LAW.md sections 1 and 2.
"""

from dataclasses import dataclass
from datetime import date
from random import Random

from .families import Families
from .lives import AT_HOME, AWAY, ENTRUSTED, PARENT, Lives, county_names, work_counties
from .makers import CITY, OUTSIDE, Maker
from .people import FEMALE, MALE, YEAR, Dwelling, Fact, Guardian, Household, Person, age
from .places import villages
from .seeds import chance

GRAND = {("41", MALE): "61", ("41", FEMALE): "62", ("43", MALE): "63", ("43", FEMALE): "64"}
CONDUCT = (
    ("B2", "多次旷课、逃学", 28), ("B4", "沉迷网络以致影响正常学习生活", 28), ("B3", "夜不归宿", 28),
    ("B1", "吸烟、饮酒", 28),
    ("B5", "与社会上有不良习性的人交往", 28), ("S3", "殴打同学", 38), ("S1", "参与结伙滋事", 38),
)  # fmt: skip


@dataclass(slots=True)
class Finding:
    person: Person
    category: str
    evidence: str
    since: int
    weight: str = "B"  # what the guardianship is like: A 差, B 一般, C 较好
    need: str = ""


class Specials:
    def __init__(self, families: Families, lives: Lives, seed: int, told: set[int]) -> None:
        self.families, self.lives, self.told = families, lives, told
        self.maker: Maker = families.maker
        self.today = families.today
        self.rng: Random = chance(seed, "specials", self.maker.community.code)

    def make(self, category: str, home: Dwelling) -> Finding:
        return {
            "left_behind": self.left_behind,
            "idle": self.idle,
            "misconduct": self.misconduct,
            "custody_child": self.custody_child,
            "street": self.street,
        }[category](home)

    def rural_origin(self) -> tuple[str, str]:
        """A 户籍 in a village: this one, or elsewhere for those who live in town."""
        here = self.maker.community
        if here.is_rural:
            return "own", here.code
        if self.rng.random() < 0.7:
            nearby = [code for code in villages() if code.startswith(here.district)] or villages()
            return CITY, self.rng.choice(nearby if self.rng.random() < 0.5 else villages())
        while True:
            kind, code = self.maker.origin(OUTSIDE)
            if len(code) == 12 and code[9] == "2":
                return kind, code

    def left_behind(self, home: Dwelling) -> Finding:
        """Grandparents as heads; both parents away for work, or one away and the other unable to care."""
        rng, families = self.rng, self.families
        house, hukou = self.maker.household(home), self.rural_origin()
        eldest = 0.9 + rng.random() * 14.9
        heads = families.grandparents(house, 2 if rng.random() < 0.6 else 1, eldest, hukou)
        maternal = rng.random() < 0.2
        father, mother, children = families.branch(
            house,
            heads,
            eldest,
            1 if rng.random() < 0.7 else 2,
            hukou,
            first=True,
            only=True,
            maternal=maternal,
        )
        families.settle(house)
        child = next(person for person in children if age(person.born, self.today) <= 15)
        since = self.lives.months_ago(7, 60)
        both = rng.random() < 0.82
        self.lives.away(father, since)
        if both:
            county = father.away_to if rng.random() < 0.8 else rng.choice(work_counties())
            self.lives.away(mother, max(since, self.lives.months_ago(7, 40)), county)
        else:
            mother.facts.append(Fact("残疾", self.lives.months_ago(20, 90), level=rng.choice("12")))
            self.told.add(mother.id)
        side = "43" if maternal else "41"
        for kid in children:
            self.lives.parents_as_guardians(kid)
            if not both:
                kid.guardians[-1].status = "重病重残"
            if both or rng.random() < 0.5:
                status = AT_HOME if rng.random() < 0.97 else "重病重残"
                relation = GRAND[side, heads[0].sex]
                kid.guardians.append(Guardian(heads[0], relation, ENTRUSTED, status, max(since, kid.born)))
        told = _left_behind_evidence(GRAND[side, heads[0].sex], father.away_to, since, both=both)
        old = (self.today - min(head.born for head in heads)) / YEAR
        weight = "A" if (not both or old > 76) and rng.random() < 0.5 else "B" if rng.random() < 0.45 else "C"
        return Finding(child, "left_behind", told, max(since, child.born), weight)

    def idle(self, home: Dwelling) -> Finding:
        """Out of school before 16, or without school and work from 16 on, for half a year at least."""
        rng = self.rng
        young = rng.random() < 0.22
        years = (12.6 + rng.random() * 3.2) if young else (17.2 + rng.random() * 8.6)
        child = self._at_home(home, years)
        since = max(self.lives.months_ago(7, 26), child.born + int(12 * YEAR))
        self.lives.attend(child, since)
        self.told.add(child.id)
        if age(child.born, self.today) < 16:
            child.facts.append(Fact("辍学", since, unit=child.facts[-1].unit))
            evidence = f"{_month(since)}起不在校就读，学校与家长均确认，已劝返未果。"
            need = "school"
        elif rng.random() < 0.6:
            child.facts.append(Fact("失业登记", since))
            evidence = f"{_month(since)}离校后未就业，已作失业登记，本人无升学和备考计划。"
            need = "work"
        else:
            evidence = f"{_month(since)}离校后未升学、未就业，家长与本人确认，入户核实。"
            need = "work"
        self._guard(child)
        return Finding(child, "idle", evidence, since, "B" if rng.random() < 0.5 else "C", need)

    def misconduct(self, home: Dwelling) -> Finding:
        """Conduct within a year that school, family or community tell of; never a police record."""
        rng = self.rng
        child = self._at_home(home, 11.5 + rng.random() * 6.3)
        code, words, article = rng.choice(CONDUCT)
        since = self.lives.months_ago(1, 10)
        self._guard(child)
        self.lives.attend(child)
        if code == "B2":
            child.facts.append(Fact("旷课", since, unit=child.facts[-1].unit))
        self.told.add(child.id)
        who = "学校反映、家长确认" if code.startswith("B") else "学校反映、社区了解"
        evidence = f"{_month(since)}，{words}（{code}，第{article}条），{who}。"
        return Finding(
            child, "misconduct", evidence, since, "A" if code.startswith("S") else "B", "counselling"
        )

    def custody_child(self, home: Dwelling, *, family_name: str = "") -> Finding:
        """A parent in prison or compulsory detoxification; the child with the other parent or a grandparent.

        The families' own department (民政) does not know why the parent is away: it says 不详.
        """
        rng, families = self.rng, self.families
        house, hukou = self.maker.household(home), self.maker.origin()
        eldest = 1.2 + rng.random() * 15.5
        heads = families.grandparents(house, 1 if rng.random() < 0.6 else 2, eldest, hukou)
        father, mother, children = families.branch(
            house, heads, eldest, 1, hukou, first=True, only=True, maternal=False
        )
        families.settle(house)
        child = children[0]
        inside, other = (father, mother) if rng.random() < 0.88 else (mother, father)
        since = max(self.lives.months_ago(2, 34), child.born + 20)
        prison = rng.random() < 0.72
        inside.lives_here = False
        inside.facts.append(Fact("服刑" if prison else "强制隔离戒毒", since))
        self.told.update((inside.id, child.id))
        self.lives.school_or_work(child) if self.today - child.born > 3.2 * YEAR else None
        for parent, relation in ((father, "51"), (mother, "52")):
            status = "不详" if parent is inside else AT_HOME
            child.guardians.append(Guardian(parent, relation, PARENT, status, child.born))
        alone = rng.random() < 0.35
        if alone:
            self.lives.away(other, self.lives.months_ago(3, 20))
            child.guardians[1 if inside is father else 0].status = AWAY
            child.guardians[1 if inside is father else 0].county = other.away_to
            child.guardians.append(
                Guardian(heads[0], GRAND["41", heads[0].sex], ENTRUSTED, AT_HOME, max(since, child.born))
            )
        whose, how = ("父亲" if inside is father else "母亲"), ("服刑" if prison else "被强制隔离戒毒")
        living = "随祖父母居住" if alone else "随母亲居住" if inside is father else "随父亲居住"
        evidence = f"{whose}{how}自 {date.fromordinal(since).isoformat()}，{living}，已当面核实。"
        return Finding(
            child, "custody_child", evidence, since, "A" if alone and rng.random() < 0.4 else "B", ""
        )

    def street(self, home: Dwelling) -> Finding:
        """Taken in by the relief station within the year; now with an uncle in a rented room."""
        rng = self.rng
        house = self.maker.household(home)
        kind, code = self.maker.origin(OUTSIDE)
        uncle = self.maker.person(
            house, sex=MALE, born=self.families.days(34, 52), relation="02", hukou=(kind, code)
        )
        sex = MALE if rng.random() < 0.7 else FEMALE
        born = self.families.days(9.5, 17.6)
        child = self.maker.person(
            house, sex=sex, born=born, relation="93" if sex == MALE else "94", hukou=(kind, code),
            family_name=uncle.name[:1], native=True,
        )  # fmt: skip
        child.hukou = code if child.number else ""
        since = self.lives.months_ago(2, 11)
        uncle.since = child.since = since + 12
        child.facts.append(Fact("救助站受助", since, since + 9, unit="芜湖市救助管理站"))
        relation = "83" if rng.random() < 0.5 else "81"
        child.guardians.append(Guardian(uncle, relation, ENTRUSTED, AT_HOME, since + 12))
        self.lives.attend(child)
        self.told.add(child.id)
        evidence = f"{_month(since)}在街头流浪，经救助站救助后由亲属接回，现随叔伯居住，户籍地已告知。"
        return Finding(child, "street", evidence, since, "A" if rng.random() < 0.3 else "B", "care")

    def over(self, finding: Finding, day: int) -> None:
        """What ended it: the mother is back, or the young person has work."""
        child = finding.person
        if finding.category == "idle":
            for fact in child.facts:
                fact.until = fact.until or day - 20
            child.facts.append(Fact("就业", day - 20, unit="长江电缆厂"))
        elif (mother := child.mother) is not None and mother.away_to:
            mother.away_to, mother.lives_here, mother.since = "", True, day - 10
            for fact in mother.facts:
                fact.until = day - 10
            for member in child.household.members:
                for guardian in member.guardians:
                    if guardian.person is mother:
                        guardian.status, guardian.county, guardian.since = AT_HOME, "", day - 10

    def _at_home(self, home: Dwelling, years: float) -> Person:
        """A child of that age in an ordinary family, now and then with one parent or a younger brother or sister."""
        rng, families = self.rng, self.families
        house: Household = self.maker.household(home)
        hukou = self.maker.origin()
        father, mother = families.couple(house, years, relations=("02", "12"), hukou=hukou)
        brood = 1 if rng.random() < 0.6 else 2
        children = families.children(
            house, brood, oldest=(years, years + 0.02), father=father, mother=mother, hukou=hukou
        )
        if rng.random() < 0.2:  # the mother left; nobody knows where to
            self.maker.undo(mother)
            for child in children:
                child.mother = None
        families.settle(house)
        return children[0]

    def _guard(self, child: Person) -> None:
        if age(child.born, self.today) < 18:
            self.lives.parents_as_guardians(child)


def _month(day: int) -> str:
    return f"{date.fromordinal(day):%Y 年 %-m 月}"


def _left_behind_evidence(carer: str, county: str, since: int, *, both: bool) -> str:
    grand = {"61": "祖父", "62": "祖母", "63": "外祖父", "64": "外祖母"}[carer]
    month, where = _month(since), county_names()[county]
    if both:
        return f"父母双方自{month}起外出务工（父亲在{where}），随{grand}生活，入户核实。"
    return f"父亲自{month}起在{where}务工，母亲重残无监护能力，由{grand}协助照料，残疾人证核实。"
