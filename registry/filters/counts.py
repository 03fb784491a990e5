"""The counts beside the list, all from one grouped statement: each is the length of the list behind its link.

A count of a category stands for the same list with that category in place of the one chosen now, so the statement
leaves out the conditions on category, state and visit, groups by them and by the next-level place, and the counts
are summed here.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, Count, Exists, Expression, F, OuterRef, Q, Value, When
from django.db.models.functions import Left
from django.http import QueryDict

from grids.scope import prefix_range

from ..models import Handover, Youth
from ..sql import statements
from .places import Places
from .youths import DEFAULT_STATE, DUE_SOON_DAYS, STATES, VISITS, YouthFilter, narrowed, visit_condition

GROUPED = frozenset({"category", "state", "visit_due"})
COUNTED = (
    4,
    6,
)  # digits of the places whose next level is counted already: a city's districts, a district's streets


class Due(IntEnum):
    """Where a file stands with its next visit. Numbers: a hundred thousand files are grouped by them."""

    LATER = 0
    OVERDUE = 1
    TODAY = 2
    WEEK = 3
    NEVER = 9  # a closed file


# The kinds of files behind each choice of the visit filter, and of the state filter.
_DUES = {"overdue": {Due.OVERDUE}, "today": {Due.TODAY}, "week": {Due.TODAY, Due.WEEK}}
_STATES = {"closed": {Due.NEVER}, "open": set(Due) - {Due.NEVER}}


class Group(NamedTuple):
    """Files alike in everything that is counted. `mask` holds only what the person may know."""

    mask: int
    place: str
    due: int
    in_handover: bool
    files: int


class Kind(NamedTuple):
    """Files alike in everything but the place."""

    mask: int
    due: int
    in_handover: bool


@dataclass(frozen=True)
class Link:
    """A count that opens into its list."""

    label: str
    count: int
    url: str
    is_current: bool = False


@dataclass(frozen=True)
class Facet:
    title: str
    links: list[Link]


class Counts:
    """What one list's counts are made of; `total` is the length of the list itself."""

    def __init__(self, filterset: YouthFilter, params: QueryDict, *, has_words: bool = False) -> None:
        """`has_words`: the files of the filter are already narrowed by words."""
        self.filterset = filterset
        self._has_words = has_words
        self.params = params
        self.places: Places = filterset.places
        self._bit_of = {category.code: category.bit for category in filterset.categories}
        chosen = filterset.form.cleaned_data
        self._category = chosen.get("category") or ""
        self._state = chosen.get("state") or DEFAULT_STATE
        self._visit = chosen.get("visit_due") or ""
        self._groups = self._of_the_counts() if self._is_counted else self._of_the_files()
        # All counts but the places' are sums over few kinds, whatever the number of places.
        self._kinds: Counter[Kind] = Counter()
        for mask, _, due, in_handover, files in self._groups:
            self._kinds[Kind(mask, due, in_handover)] += files

    def _of_the_files(self) -> list[Group]:
        """Every file once, and those with an open handover a second time, marked (one statement)."""
        files = self.filterset.listed(leaving_out=GROUPED)
        place = Left("grid_id", self.places.next_length)
        waiting = Exists(Handover.objects.open().filter(youth=OuterRef("pk")))
        found = [Group(*row) for row in self._grouped(files, place, waiting)]
        handed_over = [group for group in found if group.in_handover and group.due != Due.NEVER]
        every = [Group(group.mask, group.place, group.due, False, group.files) for group in found]
        return every + handed_over

    def _of_the_counts(self) -> list[Group]:
        """The same for all files of the base, which lies in the person's area, from what is counted already."""
        low, high = prefix_range(self.places.base)
        today = self.filterset.today
        values: dict[str, Any] = {due.name.lower(): due.value for due in Due} | {
            "due_today": Due.TODAY.value,
            "today": today,
            "week_end": today + timedelta(days=DUE_SOON_DAYS),
            "mask": sum(self._bit_of.values()),
            "areas": self.places.children,
            "digits": self.places.next_length,
            "low": low,
            "high": high,
        }
        with connection.cursor() as cursor:
            cursor.execute(statements("register_counts.sql")["kinds"], values)
            return [Group(*row) for row in cursor.fetchall()]

    @property
    def _is_counted(self) -> bool:
        """Whether these are all files of a city or a district: their kinds are counted already."""
        narrowing = [
            name
            for name, value in self.filterset.form.cleaned_data.items()
            if value not in (None, "") and name not in {*GROUPED, "division"}
        ]
        return len(self.places.base) in COUNTED and not narrowing and not self._has_words

    def _grouped(self, files: Any, place: Expression, waiting: Exists) -> Any:
        allowed = sum(self._bit_of.values())
        today = self.filterset.today
        due = Case(
            When(~Q(state=Youth.State.OPEN), then=Value(Due.NEVER)),
            When(visit_condition("overdue", today), then=Value(Due.OVERDUE)),
            When(visit_condition("today", today), then=Value(Due.TODAY)),
            When(visit_condition("week", today), then=Value(Due.WEEK)),
            default=Value(Due.LATER),
        )
        mask = F("category_mask").bitand(allowed)
        groups = files.order_by().values(mask=mask, place=place, due=due, waiting=waiting)
        counted = groups.annotate(files=Count("*"))
        return counted.values_list("mask", "place", "due", "waiting", "files")

    def _sum(self, *, category: str | None = None, state: str | None = None, visit: str | None = None) -> int:
        return sum(self._kinds[kind] for kind in self._matching(category, state, visit))

    def _matching(self, category: str | None, state: str | None, visit: str | None) -> set[Kind]:
        category = self._category if category is None else category
        state = self._state if state is None else state
        visit = self._visit if visit is None else visit
        bit = self._bit_of.get(category, 0)
        dues = _STATES.get(state, set(Due)) & _DUES.get(visit, set(Due))
        return {
            kind
            for kind in self._kinds
            if kind.in_handover == (state == "handover") and kind.due in dues and (not bit or kind.mask & bit)
        }

    @property
    def total(self) -> int:
        return self._sum()

    def facets(self) -> list[Facet]:
        return [self._categories(), self._visits(), *self._divisions(), self._states()]

    def _facet(
        self, title: str, name: str, current: str, choices: list[tuple[str, str]], count: Callable[[str], int]
    ) -> Facet:
        return Facet(
            title,
            [
                Link(label, count(value), narrowed(self.params, **{name: value or None}), value == current)
                for value, label in choices
            ],
        )

    def _categories(self) -> Facet:
        choices = [("", "全部类别"), *((c.code, c.short_name) for c in self.filterset.categories)]
        return self._facet(
            "类别", "category", self._category, choices, lambda value: self._sum(category=value)
        )

    def _visits(self) -> Facet:
        choices = [("", "不限"), *VISITS]
        return self._facet(
            "下次走访", "visit_due", self._visit, choices, lambda value: self._sum(visit=value)
        )

    def _states(self) -> Facet:
        return self._facet("档案", "state", self._state, STATES, lambda value: self._sum(state=value))

    def _divisions(self) -> list[Facet]:
        """The places one level below, the fullest first; none where there is no level below."""
        counted: Counter[str] = Counter()
        matching = self._matching(None, None, None)
        for group in self._groups:
            if (group.mask, group.due, group.in_handover) in matching:
                counted[self.places.area_of(group.place)] += group.files
        if len(self.places.base) == 15 or not counted:
            return []
        titles = {4: "区县", 6: "街道（乡镇）", 9: "社区（村）", 12: "网格"}
        title = titles.get(len(self.places.base), "地区")
        links = [
            Link(self.places.label(code), files, narrowed(self.params, division=code))
            for code, files in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        ]
        return [Facet(title, links)]
