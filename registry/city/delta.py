"""The next night's changes of residence, as the police would send them: people move in, out, and within the city."""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from .feeds import HEADERS
from .homes import ordinary_dwelling
from .lives import work_counties
from .people import Household
from .places import HUAQIANG, WANGSHANSHAN_GRID
from .plan import Plan
from .rows import day
from .seeds import chance
from .town import Town

Key = tuple[str, str]
# Of a hundred changes: arrivals (people known here who come back), departures, moves within the city.
IN, OUT = 0.12, 0.13
FIRST = "陈雨桐"  # story 6: her household's move to 汪珊珊's grid stands first in the file


@dataclass(slots=True)
class Movable:
    """Households that may move, and people away who may come back to a dwelling, sampled while the city is made."""

    households: list[tuple[list[Key], str]] = field(default_factory=list)  # (members' keys, grid)
    returning: list[tuple[Key, str]] = field(default_factory=list)  # (key, dwelling)
    first: list[Key] = field(default_factory=list)

    def add(self, other: "Movable") -> None:
        self.households += other.households
        self.returning += other.returning
        self.first += other.first


def sample(town: Town, wanted: int, communities: int) -> Movable:
    """More than enough of one community for its share of `wanted` changes."""
    found = Movable()
    if not wanted:
        return found
    rng = chance(town.plan.seed, "movable", town.share.community.code)
    files = {made.person.household.id for made in town.files}
    places = [house for house in town.households if house.moved is None and house.members]
    limit = 3 + 2 * wanted // communities
    chosen = places if len(places) <= limit else rng.sample(places, limit)
    # Some with a file for certain, so that even a small night has handovers, but not more than a city would.
    young = [house for house in places if house.id in files][: 1 + limit // 10]
    firsts = [house for house in places if house.id in files and _is_first(town, house)]
    chosen = list(dict.fromkeys(firsts + young + chosen))
    for house in chosen:
        here = [(member.number, member.person_number) for member in house.members if member.lives_here]
        if _is_first(town, house):
            found.first = here
        elif here:
            found.households.append((here, house.home.grid))
        for member in house.members:
            if member.away_to and not member.lives_here:
                found.returning.append(((member.number, member.person_number), house.home.code))
    return found


def _is_first(town: Town, house: Household) -> bool:
    return town.share.community.code == HUAQIANG and any(member.name == FIRST for member in house.members)


def write(path: Path, plan: Plan, movable: Movable, wanted: int) -> int:
    """Write `residences-delta.csv` with up to `wanted` changes that take effect today; returns how many there were."""
    rng = chance(plan.seed, "delta")
    rows = [(*key, _wangshanshans(plan), day(plan.today), "") for key in movable.first]
    rng.shuffle(movable.households)
    rng.shuffle(movable.returning)
    arrivals = movable.returning[: round(wanted * IN)]
    departures = round(wanted * OUT)
    rows += [(*key, dwelling, day(plan.today), "") for key, dwelling in arrivals]
    left = 0
    for members, grid in movable.households:
        if len(rows) >= wanted:
            break
        if left < departures:
            county = rng.choice(work_counties())
            rows += [(*key, "", day(plan.today), county) for key in members]
            left += len(members)
        else:
            dwelling = _elsewhere(plan, rng, grid)
            rows += [(*key, dwelling, day(plan.today), "") for key in members]
    rows = rows[:wanted]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADERS["residences"])
        writer.writerows(rows)
    return len(rows)


def _elsewhere(plan: Plan, rng: Random, grid: str) -> str:
    while True:
        share = rng.choice(plan.shares)
        if share.dwellings:
            _, code, other = ordinary_dwelling(share.community, 1 + rng.randrange(share.dwellings))
            if other != grid:
                return code


def _wangshanshans(plan: Plan) -> str:
    share = next(share for share in plan.shares if share.community.code == WANGSHANSHAN_GRID[:12])
    return ordinary_dwelling(share.community, 1)[1]
