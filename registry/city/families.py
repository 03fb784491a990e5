"""Families whose ages and kin fit, tenants, and dormitories: who lives behind the doors of one community.

Relations are GB/T 4761 codes to the head of the household. Parents are 19 to 44 years older than their children,
grandparents as much older again.
"""

from datetime import date

from .makers import CITY, OUTSIDE, Maker, surname_of
from .people import FEMALE, MALE, YEAR, Dwelling, Household, Person, surname

SON_CODES = ("22", "23", "24", "25", "26")
DAUGHTER_CODES = ("32", "33", "34", "35", "36")


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
        own = ("31" if only else "32") if maternal else "21" if only else "22" if first else "23"
        if maternal:
            name = family_name or surname(self.rng)
            husband, wife = self.couple(
                house, eldest, relations=("28", own), hukou=hukou, wife_name=name, after=soonest
            )
        else:
            husband, wife = self.couple(
                house, eldest, relations=(own, "38"), hukou=hukou, husband_name=family_name, after=soonest
            )
        heir = wife if maternal else husband
        heir.father, heir.mother = _parents(heads)
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
