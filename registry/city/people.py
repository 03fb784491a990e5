"""The people of the sample city as they are made: dwellings, households, persons, and their names.

Days are proleptic ordinals (`date.toordinal`) throughout the generator: cheap to reckon with.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random

from . import words

MALE, FEMALE = 1, 2
YEAR = 365.2425


@dataclass(slots=True, eq=False)
class Dwelling:
    id: int
    code: str
    grid: str
    estate: str
    building: str
    unit: str
    room: str
    address: str
    longitude: float
    latitude: float


@dataclass(slots=True, eq=False, repr=False)
class Household:
    """户: `home` is where its members live (or lived, when they left the city)."""

    id: int
    number: str
    home: Dwelling
    members: list["Person"] = field(default_factory=list)
    moved: "Moved | None" = None


@dataclass(slots=True)
class Moved:
    """A household's latest move: within the city, into it (no dwelling before), or out of it."""

    on: int
    from_dwelling_id: int | None
    from_dwelling: str
    from_grid: str
    out_to: str = ""  # county code when the household left the city


@dataclass(slots=True, eq=False, repr=False)
class Person:
    """`since`: resident at the household's home from that day. `lives_here` is false for those away or dead."""

    id: int
    name: str
    sex: int
    born: int
    household: Household
    relation: str
    hukou: str
    number: str = ""  # 公民身份号码
    person_number: str = ""  # 人员编号
    phone: str = ""
    away_to: str = ""  # county where the person works
    since: int = 0
    lives_here: bool = True
    father: "Person | None" = None
    mother: "Person | None" = None
    facts: list["Fact"] = field(default_factory=list)
    guardians: list["Guardian"] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What a feed calls the person by: the ID number, else the 人员编号."""
        return self.number or self.person_number


@dataclass(slots=True)
class Fact:
    item: str  # 事项
    since: int
    until: int = 0  # 0 = still so
    unit: str = ""
    level: str = ""
    county: str = ""  # 去向


@dataclass(slots=True)
class Guardian:
    person: Person
    relation: str  # GB/T 4761, of the guardian to the ward
    kind: str  # 监护类型
    status: str  # 监护人状况
    since: int
    county: str = ""


def age(born: int, today: int) -> int:
    """Whole years 周岁 on a day, both ordinals."""
    then, now = date.fromordinal(born), date.fromordinal(today)
    return now.year - then.year - ((now.month, now.day) < (then.month, then.day))


def surname(rng: Random) -> str:
    if rng.random() < 0.004:
        return rng.choice(words.COMPOUND_SURNAMES)
    return words.SURNAMES[int(rng.random() * len(words.SURNAMES))]


def _pick(random: Callable[[], float], letters: str | tuple[str, ...]) -> str:
    return letters[int(random() * len(letters))]


def given_name(rng: Random, sex: int, years: float) -> str:
    """One or two characters of the generation's taste; now and then a rare one."""
    random = rng.random
    if years >= 48:
        first, last = (
            (words.OLD_MEN, words.OLD_MEN_LAST) if sex == MALE else (words.OLD_WOMEN, words.OLD_WOMEN_LAST)
        )
        single = 0.16
    elif years >= 24:
        first, last = (words.MEN, words.MEN_LAST) if sex == MALE else (words.WOMEN, words.WOMEN_LAST)
        single = 0.3
    else:
        first, last = (words.BOYS, words.BOYS_LAST) if sex == MALE else (words.GIRLS, words.GIRLS_LAST)
        single = 0.1
    end = _pick(random, last)
    chance = random()
    if chance < 0.003:
        end = _pick(random, words.RARE_MEN if sex == MALE else words.RARE_WOMEN)
    if random() < single:
        return end
    start = _pick(random, first)
    return start + end if start != end or years < 30 else end


def surname_of(name: str) -> str:
    return name[:2] if name[:2] in words.COMPOUND_SURNAMES else name[:1]


def phone(rng: Random) -> str:
    """Eleven digits in a range (154) that no operator has been given, so that nobody's telephone rings."""
    return f"154{int(rng.random() * 100_000_000):08d}"
