"""Dwellings 房屋 of a community: estates with buildings and rooms, hamlets with door numbers, dormitories."""

from random import Random

from . import words
from .people import Dwelling
from .places import Community, Grid
from .seeds import chance

PER_COMMUNITY = 100_000  # ids of one community's dwellings, people and households lie in a range of their own


class Homes:
    """Builds the dwellings of one community, grid after grid in turn.

    Estates are a matter of the community's name alone; which rooms are lived in is the seed's.
    """

    def __init__(self, community: Community, seed: int) -> None:
        self.community = community
        self.made: list[Dwelling] = []
        fixed = chance(0, "estates", community.code)
        self.estates = {grid.code: self._estates(grid, fixed) for grid in community.grids}
        self.rng = chance(seed, "homes", community.code)
        self.taken: dict[tuple[str, str], int] = {}
        self.starts: dict[tuple[str, str], int] = {}

    def _estates(self, grid: Grid, fixed: Random) -> list[str]:
        base = self.community.base_name
        number = int(grid.code[-3:])
        if self.community.is_rural:
            heads = [
                fixed.choice(words.HAMLET_HEADS) + fixed.choice("汪刘王张陈吴徐何程方") for _ in range(2)
            ]
            return [head + fixed.choice(words.HAMLET_TAILS) for head in heads]
        own = base + words.OWN_ESTATE_TAILS[(number - 1) % len(words.OWN_ESTATE_TAILS)]
        return [own, fixed.choice(words.ESTATE_HEADS) + fixed.choice(words.ESTATE_TAILS)]

    def next_grid(self) -> Grid:
        return self.community.grids[len(self.made) % len(self.community.grids)]

    def build(self, *, grid: Grid | None = None, dormitory: bool = False, estate: str = "") -> Dwelling:
        """One more dwelling; in the next grid in turn unless told where."""
        grid = grid or self.next_grid()
        building = unit = ""
        if dormitory:
            works = (
                "村办企业" if self.community.is_rural else chance(0, "works", grid.code).choice(words.WORKS)
            )
            estate = f"{self.community.base_name}{works}员工宿舍"
            place = self._slot(grid.code, estate, 400, spread=False)
            building, room = f"{place // 40 + 1}号宿舍楼", f"{place // 8 % 5 + 1}{place % 8 + 1:02d}"
        elif self.community.is_rural:
            estate = estate or self.estates[grid.code][self.rng.random() < 0.45]
            room = f"{self._slot(grid.code, estate, 600, spread=False) + 1}号"
        else:
            estate = estate or self.estates[grid.code][self.rng.random() < 0.45]
            place = self._slot(grid.code, estate, 6 * 3 * 6 * 2, spread=True)
            building, unit = f"{place // 36 + 1}栋", f"{place // 12 % 3 + 1}单元"
            room = f"{place // 2 % 6 + 1}{place % 2 + 1:02d}室"
        return self._add(grid, estate, building, unit, room)

    def _slot(self, grid: str, estate: str, size: int, *, spread: bool) -> int:
        """The next free place of an estate; never the same twice (beyond `size` the numbers just go on)."""
        key = (grid, estate)
        place = self.taken.get(key, 0)
        self.taken[key] = place + 1
        if not spread or place >= size:
            return place
        start = self.starts.setdefault(key, int(self.rng.random() * size))
        # Neighbours first, so that even a small city has buildings with several families in them.
        return (start + place) % size

    def _add(self, grid: Grid, estate: str, building: str, unit: str, room: str) -> Dwelling:
        where = self.community
        serial = len(self.made) + 1
        west, south, east, north = grid.box
        city = "安徽省" if where.district_name.endswith("市") else "芜湖市"
        made = Dwelling(
            id=(where.index + 1) * PER_COMMUNITY + serial,
            code=f"{grid.code}{serial:05d}",
            grid=grid.code,
            estate=estate,
            building=building,
            unit=unit,
            room=room,
            address=f"{city}{where.district_name}{where.street_name}{where.base_name}{estate}{building}{unit}{room}",
            longitude=round(west + (east - west) * (0.05 + 0.9 * self.rng.random()), 6),
            latitude=round(south + (north - south) * (0.05 + 0.9 * self.rng.random()), 6),
        )
        self.made.append(made)
        return made


def ordinary_dwelling(community: Community, serial: int) -> tuple[int, str, str]:
    """(id, code, grid) of a community's `serial`-th ordinary dwelling, without building it: they go round the grids."""
    grid = community.grids[(serial - 1) % len(community.grids)].code
    return (community.index + 1) * PER_COMMUNITY + serial, f"{grid}{serial:05d}", grid
