"""Families whose ages and kin fit, tenants, and dormitories: who lives behind the doors of one community.

Relations are GB/T 4761 codes to the head of the household. Parents are 19 to 44 years older than their children,
grandparents as much older again.
"""

from datetime import date
from random import Random

from registry.names import COMPOUND_SURNAMES

from .homes import PER_COMMUNITY
from .numbers import Numbers
from .people import FEMALE, MALE, YEAR, Dwelling, Household, Person, given_name, phone, surname
from .places import Community, communities, villages
from .seeds import chance

SON_CODES = ("22", "23", "24", "25", "26")
DAUGHTER_CODES = ("32", "33", "34", "35", "36")
OWN, CITY, OUTSIDE = "own", "city", "outside"


class Maker:
    """Makes persons and households with ids, names, ID numbers and 户籍; the only place that draws them."""

    def __init__(self, community: Community, seed: int, today: int) -> None:
        self.community, self.today = community, today
        self.rng: Random = chance(seed, "people", community.code)
        self.numbers = Numbers(community)
        self.base = (community.index + 1) * PER_COMMUNITY
        self.households: list[Household] = []
        self.count = self.undone = 0
        self.unnumbered = 0

    def household(self, home: Dwelling) -> Household:
        serial = len(self.households) + 1
        made = Household(self.base + serial, f"{self.community.code}{serial:06d}", home)
        self.households.append(made)
        return made

    def origin(self, kind: str = "") -> tuple[str, str]:
        """(kind, 户籍地 code): of this community, of elsewhere in the city, or of a county outside."""
        random = self.rng.random
        if not kind:
            share = random()
            own, city = (0.9, 0.96) if self.community.is_rural else (0.55, 0.8)
            kind = OWN if share < own else CITY if share < city else OUTSIDE
        if kind == OWN:
            return OWN, self.community.code
        if kind == CITY:
            if random() < 0.75:
                return CITY, villages()[int(random() * len(villages()))]
            every = communities()
            return CITY, every[int(random() * len(every))].code
        county = self.numbers.counties
        code = county[int(random() * (self.numbers.near if random() < 0.7 else len(county)))]
        if random() < 0.05:
            return OUTSIDE, code  # six digits only: whether rural is not known
        town, village = (
            100 + int(random() * 14),
            201 + int(random() * 20) if random() < 0.75 else 1 + int(random() * 9),
        )
        return OUTSIDE, f"{code}{town:03d}{village:03d}"

    def person(
        self,
        house: Household,
        *,
        sex: int,
        born: int,
        relation: str,
        family_name: str = "",
        hukou: tuple[str, str],
        native: bool = True,
        name: str = "",
        numbered: bool | None = None,
    ) -> Person:
        """One more member. `native`: the ID number is of the place of 户籍 (who married in often has another)."""
        rng = self.rng
        born = min(born, self.today - 1)
        self.count += 1
        years = (self.today - born) / YEAR
        name = name or (family_name or surname(rng)) + given_name(rng, sex, years)
        made = Person(self.base + self.count, name, sex, born, house, relation, hukou[1])
        house.members.append(made)
        if numbered is None:
            numbered = rng.random() >= (0.12 if years < 0.5 else 0.004 if years < 16 else 0.0006)
        if numbered:
            self._number(made, hukou, native)
        else:
            self.unnumbered += 1
            made.person_number = f"R{self.community.code}{self.unnumbered:05d}"
            if years < 16:
                made.hukou = ""  # 无户籍 is a need, not an error
        if 14 <= years < 85 and rng.random() < 0.85:
            made.phone = phone(rng)
        return made

    def _number(self, made: Person, hukou: tuple[str, str], native: bool) -> None:
        kind, code = hukou
        latest = self.today - 1
        if not native:
            kind, code = self.origin(OUTSIDE if self.rng.random() < 0.5 else CITY)
        if kind == OWN:
            made.number, made.born = self.numbers.own_number(made.born, made.sex, latest)
        elif kind == CITY:
            made.number, made.born = self.numbers.city_number(code[:6], made.born, made.sex, latest)
        else:
            made.number, made.born = self.numbers.outside_number(code[:6], made.born, made.sex, latest)

    def undo(self, person: Person) -> None:
        """Take someone out again: the one who died, or left, before the city began."""
        person.household.members.remove(person)
        self.undone += 1

    @property
    def people(self) -> int:
        return self.count - self.undone

    def twin(self, house: Household, elder: Person) -> Person | None:
        """A twin of `elder`: same day, same place; None when no number is left for that day."""
        for sex in (elder.sex, MALE + FEMALE - elder.sex):
            if elder.number and (number := self.numbers.same_day(elder.number, elder.born, sex)):
                family_name = surname_of(elder.name)
                hukou = (OWN, elder.hukou)
                twin = self.person(
                    house,
                    sex=sex,
                    born=elder.born,
                    relation="",
                    family_name=family_name,
                    hukou=hukou,
                    numbered=False,
                )
                self.unnumbered -= 1
                twin.number, twin.person_number, twin.born, twin.hukou = number, "", elder.born, elder.hukou
                return twin
        return None


def surname_of(name: str) -> str:
    return name[:2] if len(name) > 2 and name[:2] in COMPOUND_SURNAMES else name[:1]


class Families:
    """Fills dwellings. Every method makes one household (tenants: several) and returns it."""

    def __init__(self, maker: Maker) -> None:
        self.maker, self.rng, self.today = maker, maker.rng, maker.today

    def days(self, least: float, most: float) -> int:
        """A birth day that makes an age between two numbers of years."""
        return self.today - int((least + (most - least) * self.rng.random()) * YEAR) - 1

    def settle(self, house: Household, since: int = 0) -> Household:
        """Say since when each member lives there: newborns from birth, others with the household."""
        if not since:
            since = self.today - 20 - int((self.rng.random() ** 2) * 7000)
        for member in house.members:
            member.since = max(member.since, since, member.born)
        return house

    def children(
        self, house: Household, count: int, *, oldest: tuple[float, float],
        father: Person | None, mother: Person | None,
        codes: tuple[str, str] = ("", ""), hukou: tuple[str, str], family_name: str = "",
    ) -> list[Person]:  # fmt: skip
        """Up to `count` children, the first with an age in `oldest`; `codes` are the son's and daughter's relation."""
        rng, made = self.rng, list[Person]()
        parent = father or mother
        family_name = family_name or (surname_of(parent.name) if parent else surname(rng))
        born = self.days(*oldest)
        while len(made) < count:
            if made:
                twin = self.maker.twin(house, made[-1]) if rng.random() < 0.015 else None
                if twin is not None:
                    made.append(twin)
                    continue
                born = made[-1].born + int((1.1 + rng.random() * 4.5) * YEAR)
                too_late = mother is not None and born - mother.born > 44 * YEAR
                if born > self.today - 15 or too_late:
                    break
            sex = MALE if rng.random() < 0.52 else FEMALE
            made.append(
                self.maker.person(
                    house, sex=sex, born=born, relation="", family_name=family_name, hukou=hukou
                )
            )
        sons = daughters = 0
        for child in made:
            child.father, child.mother = father, mother
            if codes[0]:
                child.relation = codes[child.sex - 1]
            elif len(made) == 1:
                child.relation = "21" if child.sex == MALE else "31"
            elif child.sex == MALE:
                child.relation, sons = SON_CODES[min(sons, 4)], sons + 1
            else:
                child.relation, daughters = DAUGHTER_CODES[min(daughters, 4)], daughters + 1
        return made

    def couple(
        self, house: Household, eldest_age: float, *, relations: tuple[str, str], hukou: tuple[str, str],
        husband_name: str = "", wife_name: str = "", after: int = 0,
    ) -> tuple[Person, Person]:  # fmt: skip
        """Husband and wife whose eldest child is `eldest_age` years old, not born before `after`."""
        rng = self.rng
        mother_age = eldest_age + 20.5 + rng.random() * 9
        father_age = mother_age + rng.random() * 5 - 0.5
        ages = []
        for years in (father_age, mother_age):
            born = self.today - int(years * YEAR)
            ages.append(max(born, after))
        husband = self.maker.person(
            house, sex=MALE, born=ages[0], relation=relations[0], family_name=husband_name, hukou=hukou,
            native=not wife_name or rng.random() < 0.5, numbered=True,
        )  # fmt: skip
        wife = self.maker.person(
            house, sex=FEMALE, born=ages[1], relation=relations[1], family_name=wife_name, hukou=hukou,
            native=bool(wife_name) or rng.random() < 0.5, numbered=True,
        )  # fmt: skip
        return husband, wife

    def nuclear(self, home: Dwelling, kids: int, *, parents: int = 2) -> Household:
        house, hukou = self.maker.household(home), self.maker.origin()
        least = max(0.0, (kids - 1) * 3.4)
        eldest = least + self.rng.random() * (24 - least)
        father: Person | None
        mother: Person | None
        father, mother = husband, wife = self.couple(house, eldest, relations=("02", "12"), hukou=hukou)
        if parents == 1:
            gone = husband if self.rng.random() < 0.6 else wife
            self.maker.undo(gone)
            house.members[0].relation = "02"
            father, mother = (None, mother) if gone is father else (father, None)
        self.children(house, kids, oldest=(eldest, eldest + 0.1), father=father, mother=mother, hukou=hukou)
        return self.settle(house)

    def elders(self, home: Dwelling, count: int) -> Household:
        house, hukou = self.maker.household(home), self.maker.origin()
        if count == 1:
            sex = MALE if self.rng.random() < 0.35 else FEMALE
            self.maker.person(house, sex=sex, born=self.days(60, 90), relation="02", hukou=hukou)
        else:
            self.couple(house, 34 + self.rng.random() * 24, relations=("02", "12"), hukou=hukou)
        return self.settle(house)

    def young_couple(self, home: Dwelling) -> Household:
        house, hukou = self.maker.household(home), self.maker.origin()
        self.couple(house, self.rng.random() * 4, relations=("02", "12"), hukou=hukou)
        return self.settle(house)

    def grandparents(
        self, house: Household, count: int, eldest: float, hukou: tuple[str, str]
    ) -> list[Person]:
        """One or two heads who are a generation above parents whose eldest child is `eldest` years old."""
        pair = list(
            self.couple(house, eldest + 21 + self.rng.random() * 8, relations=("02", "12"), hukou=hukou)
        )
        if count == 1:
            gone = pair.pop(0 if self.rng.random() < 0.65 else 1)
            self.maker.undo(gone)
            pair[0].relation = "02"
        return pair

    def three_generations(self, home: Dwelling, elders: int, kids: int) -> Household:
        house, hukou = self.maker.household(home), self.maker.origin()
        least = max(0.0, (kids - 1) * 3.4)
        eldest = least + self.rng.random() * max(1.0, 20 - least)
        heads = self.grandparents(house, elders, eldest, hukou)
        self.branch(house, heads, eldest, kids, hukou, first=True, only=True)
        return self.settle(house)

    def branch(
        self, house: Household, heads: list[Person], eldest: float, kids: int, hukou: tuple[str, str], *,
        first: bool, only: bool, maternal: bool | None = None, after: int = 0,
    ) -> tuple[Person, Person, list[Person]]:  # fmt: skip
        """A married son (or, less often, daughter) of the heads, with spouse and children."""
        if maternal is None:
            maternal = self.rng.random() < 0.12
        family_name = surname_of(heads[0].name) if heads[0].sex == MALE else ""
        soonest = max([after, *[head.born + int(19 * YEAR) for head in heads]])
        own = (
            "21"
            if only and not maternal
            else "31"
            if only
            else ("22" if first else "23")
            if not maternal
            else "32"
        )
        if maternal:
            husband, wife = self.couple(
                house,
                eldest,
                relations=("28", own),
                hukou=hukou,
                wife_name=family_name or surname(self.rng),
                after=soonest,
            )
            wife.father, wife.mother = _parents(heads)
        else:
            husband, wife = self.couple(
                house,
                eldest,
                relations=(own, "38"),
                hukou=hukou,
                husband_name=family_name,
                after=soonest,
            )
            husband.father, husband.mother = _parents(heads)
        codes = ("43", "44") if maternal else ("41", "42")
        eldest = min(eldest, (self.today - wife.born) / YEAR - 19, (self.today - husband.born) / YEAR - 19)
        kin = self.children(
            house, kids, oldest=(max(0.05, eldest), max(0.06, eldest) + 0.1), father=husband, mother=wife, codes=codes,
            hukou=hukou, family_name=surname_of(husband.name),
        )  # fmt: skip
        return husband, wife, kin

    def joint(self, home: Dwelling, size: int) -> Household:
        """Parents as heads, with two married sons and their children."""
        house, hukou = self.maker.household(home), self.maker.origin()
        eldest = 6 + self.rng.random() * 10
        heads = self.grandparents(house, 2 if size > 6 else 1, eldest, hukou)
        kids = max(0, size - len(heads) - 4)
        brother, _, _ = self.branch(
            house, heads, eldest, (kids + 1) // 2, hukou, first=True, only=False, maternal=False
        )
        after = brother.born + int(1.2 * YEAR)
        self.branch(
            house,
            heads,
            max(0.5, eldest - 3),
            kids // 2,
            hukou,
            first=False,
            only=False,
            maternal=False,
            after=after,
        )
        return self.settle(house)

    def tenants(self, home: Dwelling, count: int) -> list[Household]:
        """Rented rooms: people and couples unrelated to one another."""
        made: list[Household] = []
        while count > 0:
            if count >= 2 and self.rng.random() < 0.25:
                made.append(self.young_couple(home))
                count -= 2
                continue
            house = self.maker.household(home)
            sex = MALE if self.rng.random() < 0.55 else FEMALE
            kind = OUTSIDE if self.rng.random() < 0.6 else CITY
            self.maker.person(
                house, sex=sex, born=self.days(18, 55), relation="02", hukou=self.maker.origin(kind)
            )
            made.append(self.settle(house, self.today - 20 - int(self.rng.random() * 900)))
            count -= 1
        return made

    def dormitory(self, home: Dwelling, count: int) -> Household:
        """One 集体户 of unrelated workers, most of them young."""
        house = self.maker.household(home)
        sex = MALE if self.rng.random() < 0.6 else FEMALE
        for place in range(count):
            kind = OUTSIDE if self.rng.random() < 0.55 else CITY
            born = self.days(17, 25) if self.rng.random() < 0.3 else self.days(25, 52)
            worker = self.maker.person(
                house, sex=sex, born=born, relation="02" if not place else "99", hukou=self.maker.origin(kind)
            )
            worker.since = self.today - 20 - int(self.rng.random() * 900)
        return self.settle(house, date(2000, 1, 1).toordinal())

    def fill(self, home: Dwelling, size: int) -> None:
        """A dwelling of about `size` people (families may come out one smaller)."""
        rng, rural = self.rng, self.maker.community.is_rural
        if size > 9:
            self.dormitory(home, size)
        elif rng.random() < (0.02 if rural else 0.09) or (size > 7 and not rural):
            self.tenants(home, size)
        elif size == 1:
            self.elders(home, 1) if rng.random() < (0.8 if rural else 0.5) else self.tenants(home, 1)
        elif size == 2:
            share = rng.random()
            if share < 0.5:
                self.elders(home, 2)
            elif share < 0.8:
                self.young_couple(home)
            else:
                self.nuclear(home, 1, parents=1)
        elif size == 3 or (size <= 5 and rng.random() < (0.3 if rural else 0.5)):
            self.nuclear(home, size - 2)
        elif size >= 7 or (size == 6 and rng.random() < 0.25):
            self.joint(home, size)
        else:
            elders = 1 if size == 4 or rng.random() < 0.35 else 2
            self.three_generations(home, elders, size - elders - 2)


def _parents(heads: list[Person]) -> tuple[Person | None, Person | None]:
    father = next((head for head in heads if head.sex == MALE), None)
    mother = next((head for head in heads if head.sex == FEMALE), None)
    return father, mother
