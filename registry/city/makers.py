"""Makes persons and households: ids, names, ID numbers and 户籍."""

from random import Random

from registry.names import COMPOUND_SURNAMES

from .homes import PER_COMMUNITY
from .numbers import Numbers
from .people import FEMALE, MALE, YEAR, Dwelling, Household, Person, given_name, phone, surname
from .places import Community, communities, villages
from .seeds import chance

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
