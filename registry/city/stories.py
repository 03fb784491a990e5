"""The stories of DOMAIN.md, planted by name: the people the product is shown with."""

from dataclasses import dataclass

from .files import Need, YouthFile
from .homes import ordinary_dwelling
from .lives import AT_HOME, AWAY, ENTRUSTED, PARENT
from .makers import CITY, OWN
from .people import FEMALE, MALE, YEAR, Dwelling, Fact, Guardian, Household, Person
from .places import FANCHANG, HUAQIANG, WANGSHANSHAN_GRID, communities, villages
from .seeds import random_uuid
from .specials import Finding
from .town import Town

PEOPLE_OF_STORIES = 270
CUSTODY_CHILDREN = 46
KUNSHAN = "320583"
# Community → who did not accept in time there, and how far it has climbed.
CLIMBED = {
    "340207004002": ("许可欣", "street"),
    "340207004001": ("罗明轩", "community"),
    "340207005001": ("夏梓睿", "district"),
}


def tell(town: Town) -> None:
    """Add the people of the stories that happen in this community."""
    code = town.share.community.code
    if code == HUAQIANG:
        for story in (xiaohai, zhu_lizhi, chen_yutong, people_of_huaqiang, moves_of_huaqiang):
            story(town)
    elif code == WANGSHANSHAN_GRID[:12]:
        moves_of_wangshanshan(town)
    elif code in CLIMBED:
        nobody_accepted(town, *CLIMBED[code])
    elif code.startswith(FANCHANG):
        for _ in range(custody_children_in(code)):
            town.stays.add(town.specials.custody_child(town.homes.build()).person.household.id)


def custody_children_in(code: str) -> int:
    """How many of the 46 live in this community of 繁昌: one in about every second."""
    codes = [community.code for community in communities() if community.code.startswith(FANCHANG)]
    place = codes.index(code)
    return (place + 1) * CUSTODY_CHILDREN // len(codes) - place * CUSTODY_CHILDREN // len(codes)


@dataclass(slots=True)
class Home:
    """Builds one household by name."""

    town: Town
    house: Household
    hukou: tuple[str, str]

    def add(self, name: str, sex: int, years: float, relation: str, *, numbered: bool = True) -> Person:
        born = self.town.plan.today - int(years * YEAR)
        person = self.town.maker.person(
            self.house, sex=sex, born=born, relation=relation, hukou=self.hukou, name=name, numbered=numbered
        )
        person.since = max(person.born, self.town.plan.today - 1600)
        self.town.told.add(person.id)
        self.town.stays.add(self.house.id)
        return person


def _home(
    town: Town,
    grid: int,
    *,
    hukou: tuple[str, str] | None = None,
    estate: str = "",
    at: Dwelling | None = None,
) -> Home:
    place = at or town.homes.build(grid=town.share.community.grids[grid - 1], estate=estate)
    return Home(town, town.maker.household(place), hukou or (OWN, town.share.community.code))


def _file(
    town: Town, person: Person, *, grade: str, reason: str, grade_reason: str, last: int, days: int
) -> YouthFile:
    """A file without a category, opened `days` ago with a reason, last visited `last` days ago."""
    home = person.household.home
    register = town.register
    worker = register.staff.responsible(home.grid)
    made = YouthFile(
        random_uuid(register.rng), person, home.grid, town.plan.today - days, worker, grade, grade_reason,
        opened_reason=reason,
    )  # fmt: skip
    register.visit_over_time(made, last=last)
    town.files.append(made)
    return made


def xiaohai(town: Town) -> None:
    """Story 1: 张小海, not yet 10; mother dead, hit by a car, father gravely ill; with the grandmother."""
    today, home = town.plan.today, _home(town, 3)
    grandmother = home.add("赵桂英", FEMALE, 67.3, "02")
    father = home.add("张大明", MALE, 38.4, "21")
    mother = home.add("刘小燕", FEMALE, 36.0, "38")
    child = home.add("张小海", MALE, 9.6, "41")
    father.mother = grandmother
    child.father, child.mother = father, mother
    mother.lives_here = False
    mother.facts.append(Fact("死亡", today - 640))
    father.facts.append(Fact("患病", today - 75, unit="芜湖市第一人民医院"))
    child.facts += [
        Fact("在学", today - 1180, unit="湾里中心小学"),
        Fact("患病", today - 48, unit="芜湖市第二人民医院"),
        Fact("家庭变故", today - 48),
    ]
    child.guardians += [
        Guardian(father, "51", PARENT, "重病重残", today - 75),
        Guardian(mother, "52", PARENT, "死亡", today - 640),
        Guardian(grandmother, "62", ENTRUSTED, AT_HOME, today - 75),
    ]
    made = _file(
        town, child, grade="A", reason="母亲已故，本人被汽车撞伤，父亲重病，祖母独自照料",
        grade_reason="监护评估差：祖母年老体弱，父亲重病，孩子伤后需照护", last=5, days=47,
    )  # fmt: skip
    last_visit = made.visits[-1]
    last_visit.found = "小海腿伤未愈，卧床。父亲病情加重住院，医药费困难；肇事方赔偿未谈妥。孩子夜里常哭。"
    made.needs += [
        Need(kind, today - 40, made.visits[0].id) for kind in ("care", "law", "counselling", "money")
    ]


def zhu_lizhi(town: Town) -> None:
    """Story 4: 朱立志, disabled, registered in 无为, living in 华强社区 with his mother, who makes cloth shoes."""
    today = town.plan.today
    village = next(code for code in villages() if code.startswith("340281105"))
    home = _home(town, 2, hukou=(CITY, village))
    mother = home.add("王秀兰", FEMALE, 52.2, "02")
    son = home.add("朱立志", MALE, 24.3, "21")
    son.mother = mother
    son.facts += [Fact("残疾", today - 2900, level="2"), Fact("低保", today - 900)]
    made = _file(
        town, son, grade="B", reason="肢体二级残疾，无业，户籍在无为，随母亲租住在华强社区",
        grade_reason="监护评估一般：母亲尽心照料，生活主要靠做布鞋", last=21, days=260,
    )  # fmt: skip
    made.visits[-1].found = "立志想找一份坐着能做的工作。母亲做的一百五十双布鞋还没卖出去，堆在屋里。"
    made.needs += [
        Need("work", today - 21, made.visits[-1].id),
        Need("money", today - 21, made.visits[-1].id),
    ]


def left_behind(
    town: Town, at: Home, child_name: str, years: float, *, sex: int, days: int, weight: str
) -> Finding:
    """A left-behind child with a grandmother; both parents away in Kunshan. Returns the finding."""
    today = town.plan.today
    grandmother = at.add(child_name[0] + ("秀珍" if sex == FEMALE else "玉兰"), FEMALE, years + 53.5, "02")
    father = at.add(child_name[0] + "建军", MALE, years + 27.4, "21")
    mother = at.add("孙丽" if child_name[0] != "孙" else "吴丽", FEMALE, years + 25.1, "38")
    child = at.add(child_name, sex, years, "41" if sex == MALE else "42")
    child.father, child.mother, father.mother = father, mother, grandmother
    since = today - days
    for parent, relation in ((father, "51"), (mother, "52")):
        town.lives.away(parent, since, KUNSHAN)
        child.guardians.append(Guardian(parent, relation, PARENT, AWAY, max(since, child.born), KUNSHAN))
    child.guardians.append(Guardian(grandmother, "62", ENTRUSTED, AT_HOME, max(since, child.born)))
    if years > 3.2:
        town.lives.attend(child)
    evidence = "父母双方在江苏省苏州市昆山市务工满六个月，随祖母生活，入户核实并经父母电话确认。"
    return Finding(child, "left_behind", evidence, since, weight)


def _village(town: Town, place: int) -> tuple[str, str]:
    return CITY, [code for code in villages() if code.startswith("340281")][place]


def _left_behind_file(
    town: Town,
    grid: int,
    name: str,
    years: float,
    sex: int,
    *,
    weight: str = "B",
    last: int = -1,
    place: int = 0,
) -> YouthFile:
    home = _home(town, grid, hukou=_village(town, place))
    finding = left_behind(town, home, name, years, sex=sex, days=420, weight=weight)
    made = town.enrol(finding)
    if last >= 0:
        made.opened_on = min(made.opened_on, town.plan.today - last)
        made.enrolments[0].since = min(made.enrolments[0].since, made.opened_on)
        made.visits.clear()
        town.register.visit_over_time(made, last=last)
    return made


def chen_yutong(town: Town) -> None:
    """Story 6, about to happen: 陈雨桐 and her grandmother will move to 汪珊珊's grid."""
    _left_behind_file(town, 5, "陈雨桐", 11.4, FEMALE, last=12, place=3)


def people_of_huaqiang(town: Town) -> None:
    """Names that break programs, twins, a child without a number; two of one name in one building."""
    _left_behind_file(town, 1, "王㛃", 8.2, FEMALE, weight="C", last=96, place=5)
    _left_behind_file(town, 4, "李𠮷", 13.1, MALE, weight="C", last=30, place=7)
    _left_behind_file(town, 7, "欧阳雪", 6.5, FEMALE, weight="C", last=104, place=9)
    _left_behind_file(town, 6, "吴俊豪", 14.2, MALE, weight="B", last=33, place=11)
    first = town.homes.build(grid=town.share.community.grids[0])
    second = town.homes.build(grid=town.share.community.grids[0], estate=first.estate)
    for at, years in ((first, 10.3), (second, 12.8)):
        home = _home(town, 1, at=at)
        mother = home.add("王芳" if at is first else "周敏", FEMALE, years + 26, "02")
        child = home.add("王欣怡", FEMALE, years, "31")
        child.mother = mother
        town.told.difference_update((mother.id, child.id))
    twins = _home(town, 2)
    mother, elder = twins.add("蒋文静", FEMALE, 34.5, "02"), twins.add("刘子轩", MALE, 7.4, "22")
    younger = town.maker.twin(twins.house, elder)
    if younger is not None:
        younger.name, younger.relation, younger.since = (
            "刘子航" if younger.sex == MALE else "刘子萱",
            "23",
            elder.since,
        )
        younger.relation = "23" if younger.sex == MALE else "31"
        younger.mother = mother
    elder.mother = mother
    home = _home(town, 4)
    aunt = home.add("何玉芬", FEMALE, 44.0, "02")
    child = home.add("何小宝", MALE, 4.4, "95", numbered=False)
    child.guardians.append(Guardian(aunt, "88", ENTRUSTED, AT_HOME, child.born + 30))
    made = _file(
        town, child, grade="B", reason="无户籍，生母失联，由姨母照料",
        grade_reason="监护评估一般：姨母尽责，户口未落影响入学", last=16, days=120,
    )  # fmt: skip
    made.needs.append(Need("hukou", town.plan.today - 110, made.visits[0].id))


def _moved(
    town: Town, grid: int, name: str, years: float, *, sex: int, state: str, old: tuple[int, str, str], days: int,
    weight: str = "B", place: int = 20, note: str = "",
) -> YouthFile:  # fmt: skip
    """A left-behind child who came to `grid` from `old` that many days ago; the handover stands in `state`."""
    home = _home(town, grid, hukou=_village(town, place))
    finding = left_behind(town, home, name, years, sex=sex, days=500, weight=weight)
    town.moving.came(home.house, town.plan.today - days, old)
    made = town.register.open(finding, old[2] if state != "accepted" else home.house.home.grid)
    town.moving.hand_over(made, state, note=note)
    town.files.append(made)
    return made


def _dwelling_of(town: Town, code: str, grid: str) -> tuple[int, str, str]:
    """Some ordinary dwelling in a grid, wherever it is."""
    share = next(share for share in town.plan.shares if share.community.code == code)
    for serial in range(1, share.dwellings + 1):
        found = ordinary_dwelling(share.community, serial)
        if found[2] == grid:
            return found
    return ordinary_dwelling(share.community, 1)


def moves_of_huaqiang(town: Town) -> None:
    """Story 6, as it stands today for 杨颖: one to accept, one accepted, one on the way out of the city."""
    old = _dwelling_of(town, WANGSHANSHAN_GRID[:12], WANGSHANSHAN_GRID)
    _moved(town, 3, "周子涵", 12.2, sex=FEMALE, state="offered", old=old, days=1, place=21)
    _moved(town, 5, "徐若彤", 9.9, sex=FEMALE, state="accepted", old=old, days=14, place=22)
    home = _home(town, 7, hukou=_village(town, 24))
    finding = left_behind(town, home, "孙一诺", 10.8, sex=FEMALE, days=700, weight="B")
    town.moving.left(home.house, town.plan.today - 6, KUNSHAN)
    made = town.register.open(finding, home.house.home.grid)
    town.moving.hand_over(made, "out", note="")
    town.files.append(made)


def nobody_accepted(town: Town, name: str, level: str) -> None:
    """Story 6, when it goes wrong: the handover climbs to community, street, district."""
    old = _dwelling_of(town, HUAQIANG, f"{HUAQIANG}001")
    sex = FEMALE if name == "许可欣" else MALE
    made = _moved(town, 1, name, 9.1, sex=sex, state="escalated", old=old, days=7, place=30)
    made.handovers[0].level = level


def moves_of_wangshanshan(town: Town) -> None:
    """And for 汪珊珊: one to accept, one she sent back."""
    old = _dwelling_of(town, HUAQIANG, f"{HUAQIANG}006")
    _moved(town, 1, "何家乐", 13.6, sex=MALE, state="offered", old=old, days=1, place=25)
    note = "门牌与实际不符，房东称已转租他人"
    _moved(town, 1, "马睿", 8.9, sex=MALE, state="returned", old=old, days=11, place=26, note=note)
