"""Made-up ID numbers 公民身份号码 (GB 11643) that are valid and never given twice, without one list of all.

The three-digit sequence of a code and birth date is divided among the communities, so that each community hands out
its own numbers without knowing the others'. 990 to 999 are kept for the people of the stories.
"""

from datetime import date
from functools import lru_cache

from registry.id_numbers import check_character

from .places import ID_FAMILY, Community, counties, families_of_codes

_OWN_UPTO = (
    832  # sequences below are for people whose code is of where they live, up to 989 for the city's others
)
_LAST = 990
_STRIDE = (
    14  # days: residents with another district's code are born on days that only 1/14 of communities use
)

_CHANGES = {  # codes before the changes of 2006, 2011, 2019 and 2020 (LAW.md section 6), newest first
    "340209": ((date(2020, 6, 1), "340209"), (date(1900, 1, 1), "340203")),
    "340210": ((date(2020, 7, 1), "340210"), (date(1900, 1, 1), "340221")),
    "340212": ((date(2020, 7, 1), "340212"), (date(1900, 1, 1), "340222")),
    "340281": ((date(2019, 12, 1), "340281"), (date(2011, 8, 1), "340225"), (date(1900, 1, 1), "342623")),
}


@lru_cache(maxsize=65_536)
def _day(born: int) -> str:
    return date.fromordinal(born).strftime("%Y%m%d")


def id_number(code: str, born: int, sequence: int) -> str:
    """Six digits of place, a birth day (ordinal) and a sequence (odd = male), with the check character."""
    body = f"{code}{_day(born)}{sequence:03d}"
    return body + check_character(body)


def code_at_birth(district: str, born: int) -> str:
    """The ID code of someone first registered in a district of Wuhu on that day: old numbers keep old codes."""
    family = ID_FAMILY.get(district, district)
    for since, code in _CHANGES.get(family, ()):
        if born >= since.toordinal():
            return code
    return family


class Numbers:
    """Hands out ID numbers for one community's people."""

    def __init__(self, community: Community) -> None:
        self.family = ID_FAMILY.get(community.district, community.district)
        width = (_OWN_UPTO - 1) // families_of_codes()[self.family]
        self.own = (1 + community.code_index * width, width)
        self.day_class = community.index % _STRIDE
        self.foreign = (_OWN_UPTO + (community.index // _STRIDE) * 2, 2)
        # Counties elsewhere: each community has every 19th, and 1/50 of their sequences.
        self.counties = counties()[community.index % 19 :: 19]
        self.near = max(1, sum(code.startswith("34") for code in self.counties))
        self.outside = (1 + (community.index // 19) * 19, 19)
        self.used: set[tuple[str, int, int]] = set()

    def own_number(self, born: int, sex: int, latest: int) -> tuple[str, int]:
        """(number, birth day) with the code of the community's own district; the day may shift a little."""
        return self._take(self.family, self.own, born, sex, latest)

    def city_number(self, district: str, born: int, sex: int, latest: int) -> tuple[str, int]:
        """With another district's code."""
        if ID_FAMILY.get(district, district) == self.family:
            return self.own_number(born, sex, latest)
        born -= (born - self.day_class) % _STRIDE
        return self._take(district, self.foreign, born, sex, latest, step=_STRIDE)

    def outside_number(self, county: str, born: int, sex: int, latest: int) -> tuple[str, int]:
        """With the code of a county elsewhere, which must be one of `counties`."""
        return self._take(county, self.outside, born, sex, latest)

    def same_day(self, number: str, born: int, sex: int) -> str:
        """A twin's number: same code and day, next free sequence of that sex; "" when there is none."""
        for first, width in (self.own, self.foreign, self.outside):
            if first <= int(number[14:17]) < first + width:
                return self._free(number[:6], (first, width), born, sex)
        return ""

    def _take(
        self, place: str, block: tuple[int, int], born: int, sex: int, latest: int, *, step: int = 1
    ) -> tuple[str, int]:
        for tries in range(200):
            day = born - ((tries + 1) // 2 * step) * (1 if tries % 2 else -1)
            if day > latest:
                continue
            code = code_at_birth(place, day) if place.startswith("3402") else place
            if number := self._free(code, block, day, sex):
                return number, day
        raise RuntimeError(
            "no ID number left near this birth date: the scale is beyond what this city can number"
        )

    def _free(self, code: str, block: tuple[int, int], born: int, sex: int) -> str:
        first, width = block
        for sequence in range(first, first + width):
            if sequence % 2 == sex % 2 and (code, born, sequence) not in self.used:
                self.used.add((code, born, sequence))
                return id_number(code, born, sequence)
        return ""
