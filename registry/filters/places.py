"""The part of the division tree that one list needs: whose area it is, where it stands, what lies one level below."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q

from grids.models import Division, Grid
from grids.scope import widest

# The code lengths of city, district, street, community and grid.
LENGTHS = (4, 6, 9, 12, 15)
INDENT = "\u3000"
# The official endings of community names, and what is said of them.
_SPOKEN = [
    ("社区居民委员会", "社区"),
    ("社区居委会", "社区"),
    ("居民委员会", "社区"),
    ("居委会", "社区"),
    ("村村民委员会", "村"),
    ("村民委员会", "村"),
    ("村委会", "村"),
]


def short_name(name: str) -> str:
    """华强社区居民委员会 → 华强社区, 冠军村委会 → 冠军村: as people say it."""
    for ending, kept in _SPOKEN:
        if name.endswith(ending):
            return name.removesuffix(ending) + kept
    return name


@dataclass(frozen=True)
class Option:
    """One place that the list can be narrowed to; `depth` counts from the user's own area."""

    code: str
    name: str
    depth: int


def ancestors(code: str) -> list[str]:
    """The codes from the city down to the place itself: 340207 → 3402, 340207."""
    return [code[:length] for length in LENGTHS if length <= len(code)]


def is_usable(code: str, roots: Iterable[str]) -> bool:
    """Whether the code has a code's form and lies in, or above, one of the areas. Says nothing of its existence."""
    if not (code.isascii() and code.isdigit() and len(code) in LENGTHS):
        return False
    return any(code.startswith(root) or root.startswith(code) for root in roots)


class Places:
    """The user's areas (`roots`) and the place that was asked for, with the names around them (one statement).

    `wanted` is "" when nothing was asked for; `is_known` tells whether it exists where this person may look.
    """

    def __init__(self, roots: list[str], wanted: str = "") -> None:
        self.roots = widest(roots)
        self.wanted = wanted
        usable = is_usable(wanted, self.roots)
        self._chosen = wanted if usable else ""
        self.names = self._load()
        self.is_known = not wanted or (usable and wanted in self.names)

    @cached_property
    def areas(self) -> list[str]:
        """What is left of the user's areas inside the place that was asked for."""
        if not self._chosen:
            return self.roots
        return [root for root in self.roots if root.startswith(self._chosen)] or [self._chosen]

    @cached_property
    def base(self) -> str:
        """The single place that the list stands on; "" when it spans several areas."""
        return self.areas[0] if len(self.areas) == 1 else ""

    @cached_property
    def _chain(self) -> list[str]:
        """From the user's area down to the base, both included."""
        return [code for code in ancestors(self.base) if any(code.startswith(root) for root in self.roots)]

    def _load(self) -> dict[str, str]:
        named = {*self.roots, *ancestors(self._chosen), *self._chain}
        named |= {root[:12] for root in self.roots if len(root) == 15}
        divisions = Division.objects.filter(Q(code__in=named) | Q(parent__in=self._chain))
        grids = Grid.objects.filter(Q(code__in=named) | Q(community__in=self._chain))
        rows = divisions.order_by().values_list("code", "name")
        found = rows.union(grids.order_by().values_list("code", "name"), all=True)
        return {code: short_name(name) for code, name in sorted(found)}

    @cached_property
    def next_length(self) -> int:
        """How many digits of a grid code tell the next level apart."""
        return next((length for length in LENGTHS if length > len(self.base)), 15) if self.base else 15

    @property
    def children(self) -> list[str]:
        """The places one level below the base, in order."""
        return [code for code in self.names if len(code) == self.next_length and code.startswith(self.base)]

    def area_of(self, code: str) -> str:
        """Where a counted code belongs: the next-level place itself, or that of several areas which holds it."""
        if self.base:
            return code
        return next((area for area in self.areas if code.startswith(area)), code)

    @cached_property
    def options(self) -> list[Option]:
        """The tree opened along the path to the base, for a select; the user's own single area is "all"."""
        depth_of = dict.fromkeys(self.roots, 0)
        found = []
        for code in self.names:
            parent = self._parent(code)
            if code in depth_of:
                depth = 0
            elif parent in depth_of:
                depth = depth_of[code] = depth_of[parent] + 1
            elif code == self._chosen:  # above the user's area
                depth = 0
            else:
                continue
            if len(self.roots) > 1 or code not in self.roots or code == self._chosen:
                found.append(Option(code, self.label(code), depth))
        return found

    def _parent(self, code: str) -> str:
        return max((other for other in ancestors(code)[:-1]), default="", key=len)

    def label(self, code: str) -> str:
        """The place's name; a grid that is an area of its own is named with its community."""
        name = self.names.get(code, code)
        if len(code) == 15 and code in self.roots:
            return f"{self.names.get(code[:12], '')} {name}".strip()
        return name

    @property
    def choices(self) -> list[tuple[str, str]]:
        shift = 0 if len(self.roots) > 1 else 1
        return [(o.code, INDENT * max(0, o.depth - shift) + o.name) for o in self.options]

    @property
    def scope_label(self) -> str:
        """The user's area in words: 鸠江区及下辖."""
        if len(self.roots) == 1:
            root = self.roots[0]
            return self.label(root) + ("及下辖" if len(root) < 15 else "")
        named = "、".join(self.label(root) for root in self.roots[:3])
        return named + (f" 等 {len(self.roots)} 处" if len(self.roots) > 3 else "")
