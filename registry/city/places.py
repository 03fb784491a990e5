"""Places of the sample city: the real division tree, made-up grids, and where on the map they lie.

Grids depend on the division tree alone, not on seed or scale, so that a grid's code and its worker's login
stay the same from one city to the next.
"""

import csv
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from .seeds import chance

DATA = Path(__file__).resolve().parents[2] / "grids" / "data"

HUAQIANG = "340207004006"
WANLI = "340207004"
FANCHANG = "340212"
# 汪珊珊 answers for this grid, in the community next to 华强社区.
WANGSHANSHAN_GRID = "340207004003001"

# Boxes (west, south, east, north; degrees) that lie about where the districts do and do not overlap.
BOXES = {
    "340281": (117.55, 31.05, 118.09, 31.50),
    "340207": (118.20, 31.38, 118.50, 31.50),
    "340271": (118.10, 31.38, 118.19, 31.46),
    "340202": (118.33, 31.31, 118.46, 31.375),
    "340209": (118.34, 31.22, 118.47, 31.305),
    "340272": (118.12, 31.18, 118.33, 31.30),
    "340210": (118.48, 31.00, 118.75, 31.37),
    "340212": (118.11, 30.97, 118.36, 31.17),
    "340223": (118.11, 30.65, 118.47, 30.96),
}

Box = tuple[float, float, float, float]

_BASE_NAME = re.compile(
    r"(社区居民委员会|村村民委员会|社区居委会|街道居委会|村民委员会|居民委员会|村委会|居委会|虚拟社区|社区)$"
)


@dataclass(slots=True)
class Grid:
    code: str
    name: str
    box: Box


@dataclass(slots=True)
class Community:
    """A community or village; `index` is its place in the city, `code_index` its place among those of one ID code."""

    code: str
    name: str
    index: int
    district_name: str
    street_name: str
    is_rural: bool
    base_name: str
    code_index: int = 0
    grids: list[Grid] = field(default_factory=list)

    @property
    def district(self) -> str:
        return self.code[:6]

    @property
    def street(self) -> str:
        return self.code[:9]


def is_village(code: str) -> bool:
    """Whether a 12-digit code is a village's 村: last three 200–399 or 500–599 (LAW.md section 6)."""
    return len(code) == 12 and (200 <= int(code[9:]) <= 399 or 500 <= int(code[9:]) <= 599)


@lru_cache(maxsize=1)
def divisions() -> dict[str, tuple[str, str]]:
    """Division code → (name, level), in order of code."""
    with (DATA / "wuhu_divisions.csv").open(encoding="utf-8") as file:
        rows = sorted((row["code"], row["name"], row["level"]) for row in csv.DictReader(file))
    return {code: (name, level) for code, name, level in rows}


@lru_cache(maxsize=1)
def counties() -> list[str]:
    """Codes of the counties outside Wuhu that stand in GB/T 2260 (development zones 7x do not), Anhui's first."""
    with (DATA / "china_counties.csv").open(encoding="utf-8") as file:
        codes = [row["code"] for row in csv.DictReader(file) if row["level"] == "district"]
    real = [code for code in codes if len(code) == 6 and code[4] != "7" and not code.startswith("3402")]
    return sorted(real, key=lambda code: (not code.startswith("34"), code))


def _grid_count(code: str) -> int:
    """3 to 7, about 3,000 in all: villages have three."""
    if code == HUAQIANG:
        return 7
    if is_village(code):
        return 3
    return chance(0, "grids", code).choices((3, 4, 5, 6, 7), (66, 22, 8, 3, 1))[0]


def split(box: Box, parts: int) -> list[Box]:
    """Cut a box into about equal ones, west to east, then north to south."""
    if parts == 1:
        return [box]
    west, south, east, north = box
    first = parts // 2
    share = first / parts
    if (east - west) >= (north - south):
        middle = west + (east - west) * share
        return split((west, south, middle, north), first) + split((middle, south, east, north), parts - first)
    middle = north - (north - south) * share
    return split((west, middle, east, north), first) + split((west, south, east, middle), parts - first)


# Which communities share an ID number's first six digits: development zones have none of their own (LAW.md section 6).
ID_FAMILY = {"340271": "340207", "340272": "340209"}


@lru_cache(maxsize=1)
def communities() -> list[Community]:
    """All 950 communities with their grids, in order of code."""
    tree = divisions()
    boxes: dict[str, Box] = dict(BOXES)
    for level, parent_length in (("street", 6), ("community", 9)):
        for parent in [code for code in tree if len(code) == parent_length]:
            inside = [code for code, (_, its) in tree.items() if its == level and code.startswith(parent)]
            boxes.update(zip(inside, split(boxes[parent], len(inside)), strict=True) if inside else ())
    made: list[Community] = []
    family_counts: dict[str, int] = {}
    for code in [code for code, (_, level) in tree.items() if level == "community"]:
        name = tree[code][0]
        family = ID_FAMILY.get(code[:6], code[:6])
        community = Community(
            code=code,
            name=name,
            index=len(made),
            district_name=tree[code[:6]][0],
            street_name=tree[code[:9]][0],
            is_rural=is_village(code),
            base_name=_BASE_NAME.sub("", name) or name,
            code_index=family_counts.setdefault(family, 0),
        )
        family_counts[family] += 1
        for number, box in enumerate(split(boxes[code], _grid_count(code)), start=1):
            community.grids.append(Grid(f"{code}{number:03d}", f"第{_ordinal(number)}网格", box))
        made.append(community)
    return made


def _ordinal(number: int) -> str:
    return "一二三四五六七"[number - 1]


@lru_cache(maxsize=1)
def families_of_codes() -> dict[str, int]:
    """ID code family → how many communities share it."""
    counts: dict[str, int] = {}
    for community in communities():
        family = ID_FAMILY.get(community.district, community.district)
        counts[family] = counts.get(family, 0) + 1
    return counts


@lru_cache(maxsize=1)
def villages() -> list[str]:
    """Codes of the villages of the city, places of rural 户籍."""
    return [community.code for community in communities() if community.is_rural]
