"""One list of the people-and-housing register: whose it is, what it is narrowed to, its counts, its rows.

Three lists under the same conditions: persons, households (who of one 户 lives behind one door) and doors, all in the
order of a walk.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection
from django.db.models import BigIntegerField, Count, Exists, F, Func, OuterRef, Q
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from grids.scope import prefix_range, widest

from ..models import Dwelling, Presence, Search
from .counts import Facet, Link
from .cursors import BadCursor
from .door_pages import DoorPage, Key, read_door_page
from .lists import Chip
from .people import CHILD, MAKEUP_RULES, OF_PERSON, PeopleFilter, narrowed
from .people_rows import Door, Person, Row, doors_of, files_of, person_of
from .people_words import at_doors_meant, people_meant
from .places import INDENT, Places
from .youths import years_before

NAMES_COUNTED = 5_000
LONG = 1_000  # rows
# A household behind a door as one number: neither has two thousand million of its kind.
HOME_NUMBER = Func(
    F("dwelling_id"),
    Coalesce("household_id", 0),
    template="(%(expressions)s)",
    arg_joiner=" << 32 | ",
    output_field=BigIntegerField(),
)
_COLUMNS = (
    "since_on", "birth_on", "household", "grid", "resident__name", "resident__sex", "resident__relation",
    "dwelling__estate", "dwelling__building", "dwelling__unit", "dwelling__room", "dwelling__address", "dwelling__grid",
)  # fmt: skip
_NUMBERS = {
    "age_min": "{} 岁及以上",
    "age_max": "{} 岁及以下",
    "moved_days": "{} 天内入住",
    "stayed_days": "住满 {} 天",
}


@dataclass(frozen=True)
class Total:
    """How long the list is. `is_counted` is false where counting would tell nothing: no condition on a wide area.

    `is_more`: there are more than that (a common name).
    """

    number: int = 0
    is_counted: bool = True
    is_more: bool = False


class PeopleList:
    """The persons, households or doors that somebody sees under the conditions of an address."""

    noun: ClassVar[str]
    unit: ClassVar[str]
    thing: ClassVar[str]
    counted: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    is_of_doors: ClassVar[bool] = False

    def __init__(self, user: User, params: QueryDict, search: Search | None = None) -> None:
        self.user = user
        self.params = params
        self.search = search
        self.notices: list[str] = []
        self.shown: list[int] = []  # ids of the residents (or dwellings) on the page, for its reading
        prefixes = user.prefixes(Permission.SEARCH_PEOPLE)
        self.places = Places(prefixes, params.get("division", ""))
        around = at_doors_meant(Presence.objects.visible_to(user), search, prefix="dwelling__")
        self.filterset = PeopleFilter(
            params,
            people_meant(around, search),
            around=around,
            places=self.places,
            doors=self.is_of_doors,
        )
        self.filterset.form.is_citywide = not has_words(search) and any(
            len(area) < 6 for area in self.places.areas
        )

    @property
    def is_valid(self) -> bool:
        return bool(self.filterset.is_valid())

    @cached_property
    def given(self) -> dict[str, Any]:
        return self.filterset.given()

    @property
    def has_conditions(self) -> bool:
        return bool(self.given) or has_words(self.search)

    @property
    def asks_of_persons(self) -> bool:
        """Whether only some of a household are meant."""
        by_words = self.search is not None and bool(self.search.q or self.search.id_number_index)
        return by_words or any(name in self.given for name in OF_PERSON)

    def _on_the_walk(self, rows: Any, path: str) -> Any:
        """The same rows, said once more by the order of their doors, so that the walk begins where they do."""
        areas = widest(area[:12] for area in self.places.areas)
        condition = Q()
        for area in areas:
            low, high = prefix_range(area)
            condition |= Q(**{f"{path}door_order__gte": low, f"{path}door_order__lt": high})
        return rows.filter(condition)

    # --- Counts

    @cached_property
    def total(self) -> Total:
        if not self._is_worth_counting:
            return Total(is_counted=False)
        number = sum(self._counted.values())
        if self._has_limit and number > NAMES_COUNTED:
            return Total(NAMES_COUNTED, is_more=True)
        return Total(number)

    @property
    def _is_worth_counting(self) -> bool:
        """A count without a condition over streets and districts tells nothing and reads millions."""
        return self.has_conditions or not self._is_wide

    @property
    def _is_wide(self) -> bool:
        """Whether the list looks beyond streets, at hundreds of thousands of people."""
        return any(len(area) < 9 for area in self.places.areas)

    @property
    def _has_limit(self) -> bool:
        return self.search is not None and bool(self.search.q)

    @cached_property
    def _counted(self) -> dict[str, int]:
        """Grid → rows there (one statement)."""
        if not self._has_limit:
            return dict(self._by_grid())
        rows = self._to_count()[: NAMES_COUNTED + 1]
        sql, parameters = rows.query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT grid_id, count(*) FROM (SELECT {self._distinct} * FROM ({sql}) AS row) AS row GROUP BY 1",  # noqa: S608
                parameters,
            )
            return dict(cursor.fetchall())

    _distinct: ClassVar[str] = ""

    def _by_grid(self) -> Any:
        """(grid, rows there), for lists of any length."""
        return self._to_count().values("grid_id").annotate(rows=Count("pk")).values_list("grid_id", "rows")

    def _to_count(self) -> Any:
        """What to count, with its grid; `_distinct` where a row of the list may stand there several times."""
        raise NotImplementedError

    def facets(self) -> list[Facet]:
        """The places one level below, the fullest first."""
        if not self.total.is_counted or self.total.is_more or len(self.places.base) == 15:
            return []
        counted: Counter[str] = Counter()
        for grid, number in self._counted.items():
            counted[self.places.area_of(grid[: self.places.next_length])] += number
        if not counted:
            return []
        titles = {4: "区县", 6: "街道（乡镇）", 9: "社区（村）", 12: "网格"}
        links = [
            Link(self.places.label(code), number, narrowed(self.params, division=code))
            for code, number in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        ]
        return [Facet(titles.get(len(self.places.base), "地区"), links)]

    # --- Rows

    @property
    def _is_long(self) -> bool:
        """Whether the first page is found sooner on a walk than by asking for all."""
        return self.total.number > LONG or not self.total.is_counted

    @cached_property
    def page(self) -> DoorPage:
        if self.total.is_counted and not self.total.number:
            return DoorPage([], 1)
        try:
            return read_door_page(self._to_list(), self.columns, self.params)
        except BadCursor:
            self.notices.append("翻页位置已失效，从第一页开始显示。")
            return read_door_page(self._to_list(), self.columns, QueryDict())

    def _to_list(self) -> Any:
        raise NotImplementedError

    def rows(self) -> list[Row]:
        raise NotImplementedError

    def _people(self, condition: Q) -> list[Any]:
        """People of the page with all that a row shows."""
        few = Presence.objects.visible_to(self.user).filter(condition)
        joined = few.select_related("resident", "dwelling").only(*_COLUMNS)
        return list(joined.order_by("birth_on", "pk"))

    def _person(self, one: Any, *, is_meant: bool = True) -> Person:
        return person_of(one, is_meant=is_meant, file=self._files.get(one.pk))

    @cached_property
    def _files(self) -> dict[int, UUID]:
        return files_of(self.user, self.shown)

    def _doors_of(self, dwellings: Iterable[Dwelling]) -> dict[int, Door]:
        return doors_of(dwellings, skip=self._shared_levels)

    @cached_property
    def _shared_levels(self) -> int:
        """How many of district, street, community are the same for every row, so that saying them is noise."""
        areas = self.places.areas
        return sum(
            1 for length in (6, 9, 12) if len({a[:length] for a in areas}) == 1 and len(areas[0]) >= length
        )

    def chips(self) -> list[Chip]:
        """The conditions in force, in words."""
        found = (
            [Chip(words_label(self.search), narrowed(self.params, s=None))] if has_words(self.search) else []
        )
        for name, value in self.given.items():
            if name in self.filterset.form.fields:
                found.append(Chip(self._condition(name, value), narrowed(self.params, **{name: None})))
        return found

    def _condition(self, name: str, value: Any) -> str:
        if name in _NUMBERS:
            return _NUMBERS[name].format(value)
        form_field: Any = self.filterset.form.fields[name]
        label = dict(form_field.choices).get(value, value)
        return f"{form_field.label}：{str(label).strip(INDENT)}"

    @property
    def makeup_rule(self) -> str:
        return MAKEUP_RULES.get(self.given.get("makeup", ""), "")


class Residents(PeopleList):
    """Persons 实有人口."""

    noun, unit, thing, counted = "residents", "人", "人", "人数"
    columns = ("dwelling__door_order", "dwelling_id", "home", "birth_on", "resident_id")

    def _to_count(self) -> Any:
        return self.filterset.listed().values("grid_id")

    def _to_list(self) -> Any:
        people = self._on_the_walk(self.filterset.listed(walking=self._is_long), "dwelling__")
        return people.annotate(home=Coalesce("household_id", 0)).values_list(*self.columns)

    def rows(self) -> list[Row]:
        """One row a person (two statements, three for whoever may open files)."""
        self.shown = [key[-1] for key in self.page.keys]
        known = {one.pk: one for one in self._people(Q(pk__in=self.shown))}
        found = [known[pk] for pk in self.shown if pk in known]
        doors = self._doors_of(one.dwelling for one in found)
        return [Row(doors[one.dwelling_id], [self._person(one)]) for one in found]


class Households(PeopleList):
    """Households 户: the people of one 户 behind one door."""

    noun, unit, thing, counted = "households", "户", "户", "户数"
    columns = ("dwelling__door_order", "dwelling_id", "home")
    _distinct = "DISTINCT"

    def _to_count(self) -> Any:
        return self.filterset.listed().values("grid_id", "dwelling_id", "household_id")

    def _by_grid(self) -> Any:
        """By one number a household: sorted grid by grid, which takes half the time of a hash of three columns.

        (The filter says nothing; without one PostgreSQL 18 sorts whole rows beforehand, which takes as long again.)
        """
        number = Count(HOME_NUMBER, distinct=True, filter=Q(birth_on__isnull=False))
        return self.filterset.listed().values("grid_id").annotate(rows=number).values_list("grid_id", "rows")

    def _to_list(self) -> Any:
        people = self._on_the_walk(self.filterset.listed(walking=self._is_long), "dwelling__")
        return people.annotate(home=Coalesce("household_id", 0)).values_list(*self.columns).distinct()

    def rows(self) -> list[Row]:
        """One row a household, everybody in it, those who are meant marked."""
        keys = [key[1:] for key in self.page.keys]
        dwellings = {dwelling for dwelling, _ in keys}
        homes: dict[Key, list[Any]] = defaultdict(list)
        for one in self._people(Q(dwelling__in=dwellings)):
            homes[one.dwelling_id, one.household_id or 0].append(one)
        self.shown = [one.pk for key in keys for one in homes[key]]
        meant = self._meant(dwellings)
        doors = self._doors_of(people[0].dwelling for people in homes.values())
        return [
            Row(
                doors[key[0]],
                [self._person(one, is_meant=meant is None or one.pk in meant) for one in homes[key]],
            )
            for key in keys
            if homes[key]
        ]

    def _meant(self, dwellings: Iterable[int]) -> set[int] | None:
        """The ids of those who meet the conditions on persons; None when everybody does."""
        if not self.asks_of_persons:
            return None
        few = self.filterset.listed(walking=True).filter(dwelling__in=dwellings)
        return set(few.values_list("pk", flat=True))


class Dwellings(PeopleList):
    """Doors 房屋, also those where nobody lives."""

    noun, unit, thing, counted = "dwellings", "处", "房屋", "房屋数"
    columns = ("door_order", "id")
    is_of_doors = True

    def _doors(self, *, walking: bool) -> Any:
        doors = Dwelling.objects.visible_to(self.user, Permission.SEARCH_PEOPLE)
        if division := self.given.get("division"):
            low, high = prefix_range(division)
            doors = doors.filter(grid_id__gte=low, grid_id__lt=high)
        if self.asks_of_persons or "makeup" in self.given:
            people = self.filterset.listed(walking=walking)
            doors = doors.filter(
                Exists(people.filter(dwelling=OuterRef("pk")))
                if walking
                else Q(pk__in=people.values("dwelling"))
            )
        else:
            doors = at_doors_meant(doors, self.search)
        living = Exists(Presence.objects.filter(dwelling=OuterRef("pk")))
        wanted = self.given.get("living")
        return doors.filter(living if wanted == "lived" else ~living) if wanted else doors

    @property
    def _has_limit(self) -> bool:
        return False

    def _to_count(self) -> Any:
        return self._doors(walking=False).values("grid_id")

    def _to_list(self) -> Any:
        return self._on_the_walk(self._doors(walking=self._is_long), "").values_list(*self.columns)

    def rows(self) -> list[Row]:
        """One row a door, with how many live there."""
        self.shown = [key[1] for key in self.page.keys]
        few = Dwelling.objects.visible_to(self.user, Permission.SEARCH_PEOPLE).filter(pk__in=self.shown)
        child = years_before(timezone.localdate(), CHILD)
        counted = few.annotate(
            people_count=Count("people"),
            household_count=Count(
                Coalesce("people__household_id", 0), distinct=True, filter=Q(people__isnull=False)
            ),
            child_count=Count("people", filter=Q(people__birth_on__gt=child)),
        )
        known: dict[int, Any] = {dwelling.pk: dwelling for dwelling in counted}
        doors = self._doors_of(known.values())
        return [
            Row(
                doors[one.pk],
                people_count=one.people_count,
                household_count=one.household_count,
                child_count=one.child_count,
            )
            for one in (known[pk] for pk in self.shown if pk in known)
        ]


LISTS: dict[str, type[PeopleList]] = {kind.noun: kind for kind in (Residents, Households, Dwellings)}


def has_words(search: Search | None) -> bool:
    return search is not None and bool(search.q or search.id_number_index or search.estate)


def words_label(search: Search | None) -> str:
    if search is None:
        return ""
    parts = [f"“{words}”" for words in (search.q, search.estate, search.door) if words]
    return "查询词：" + "、".join([*parts, "证件号码"] if search.id_number_index else parts)
