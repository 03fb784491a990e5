"""One list of the register: whose it is, what it is narrowed to, its counts, its order and its rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Subquery
from django.http import QueryDict
from django.urls import reverse

from grids.models import ResponsiblePerson, User
from grids.permissions import Permission

from .. import searches
from ..codes import Sex
from ..models import Category, Search, Youth
from ..models.youths import age_on
from ..reasons import category_labels, visible_mask
from .counts import Counts
from .cursors import BadCursor
from .orders import BadOrder, Order, Page, order_named, read_page
from .places import INDENT, Places, short_name
from .youths import ADDRESS, DEFAULT_STATE, NAMES, YouthFilter, narrowed

# What a row shows; whatever else a file holds stays in the database.
_COLUMNS = (
    "name", "pinyin", "sex", "birth_on", "category_mask", "grade", "state", "last_verified_on", "next_due_on",
    "closed_on", "grid",
)  # fmt: skip
_COMMUNITY = "grid__community"
# The names of a row's places, as columns of the row: no object is made for each.
_PLACES = {
    "in_district": F(f"{_COMMUNITY}__parent__parent__name"),
    "in_street": F(f"{_COMMUNITY}__parent__name"),
    "in_community": F(f"{_COMMUNITY}__name"),
    "in_grid": F("grid__name"),
}
_SEXES = dict(Sex.choices)
_NUMBERS = {
    "age_min": "{} 岁及以上",
    "age_max": "{} 岁及以下",
    "unverified_days": "{} 天未核实",
    "moved_days": "{} 天内有迁移",
}
_USABLE_VALUE = re.compile(r"[0-9A-Za-z_-]{1,50}")


@dataclass(frozen=True)
class Row:
    """A file as lists show it: categories only as far as the person may know, the place from the person's area down.

    The page writes fifty of them: what it would look up for each (address, age, words of codes) is ready here.
    """

    youth: Youth
    url: str
    name: str  # masked
    about: str  # sex and age
    categories: list[str]
    place: str
    responsible: str


@dataclass(frozen=True)
class Chip:
    """A condition in words, with the query of the list without it."""

    text: str
    url: str


class YouthList:
    """The files that a person sees under the conditions of an address.

    `permission` says in which of the person's areas: sight for the page, export for the sheet.
    """

    def __init__(
        self,
        user: User,
        params: QueryDict,
        search: Search | None = None,
        *,
        permission: Permission = Permission.SEE_YOUTHS,
    ) -> None:
        self.user = user
        self.permission = permission
        self.params = params
        self.search = search
        self.notices: list[str] = []
        self.shown: list[UUID] = []  # the files whose rows were read, for the reading that tells who saw them
        categories = list(Category.objects.all())
        self._allowed = visible_mask(user, categories)
        self.categories = [category for category in categories if category.bit & self._allowed]
        self.places = Places(user.prefixes(permission), params.get("division", ""))
        youths = searches.matching(Youth.objects.visible_to(user, permission), search)
        self.filterset = YouthFilter(params, youths, places=self.places, categories=self.categories)

    @property
    def is_valid(self) -> bool:
        return bool(self.filterset.is_valid())

    @cached_property
    def counts(self) -> Counts:
        return Counts(self.filterset, self.params, has_words=searches.has_words(self.search))

    @cached_property
    def order(self) -> Order:
        only_open = self.filterset.chosen_state in (DEFAULT_STATE, "handover")
        try:
            return order_named(self.params.get("sort") or "due", only_open=only_open)
        except BadOrder:
            self.notices.append("没有这种排序，已按下次走访日期排列。")
            return order_named("due", only_open=only_open)

    def _fetch(self, files: Any, order: Order, most: int) -> list[Youth]:
        """The first files of this order with places and responsible persons, joined to these few alone."""
        few = Youth.objects.visible_to(self.user, self.permission).filter(
            pk__in=order.sort(files).values("pk")[:most]
        )
        answer = ResponsiblePerson.objects.filter(grid=OuterRef("grid_id")).values("user__name")
        rows = few.only(*_COLUMNS).annotate(responsible=Subquery(answer), **_PLACES)
        return list(order.sort(rows))

    @cached_property
    def page(self) -> Page:
        try:
            return read_page(self.filterset.listed(), self.order, self.params, self._fetch)
        except BadCursor:
            self.notices.append("翻页位置已失效，从第一页开始显示。")
            return read_page(self.filterset.listed(), self.order, QueryDict(), self._fetch)

    def rows(self) -> list[Row]:
        """The rows of the page (one statement)."""
        return list(self._rows(self.page.rows))

    def all_rows(self, most: int) -> list[Row]:
        """The rows of the whole list, in its order, at most so many."""
        return list(self._rows(self._fetch(self.filterset.listed(), self.order, most)))

    def _rows(self, youths: list[Youth]) -> Iterator[Row]:
        self.shown = [youth.pk for youth in youths]
        masks = {youth.category_mask for youth in youths}
        labels = {mask: category_labels(mask, self.categories, allowed=self._allowed) for mask in masks}
        listed, today = reverse("youths"), self.filterset.today
        for youth in youths:
            yield Row(
                youth=youth,
                url=f"{listed}{youth.pk}/",  # the address `youth`
                name=youth.masked_name,
                about=f"{_SEXES[youth.sex]} · {age_on(youth.birth_on, today)} 岁",
                categories=labels[youth.category_mask],
                place=self._path(youth),
                responsible=getattr(youth, "responsible", None) or "",
            )

    @cached_property
    def _shared_levels(self) -> int:
        """How many of district, street, community are the same for every row, so that saying them is noise."""
        roots = self.places.roots
        return sum(
            1 for length in (6, 9) if len({root[:length] for root in roots}) == 1 and len(roots[0]) >= length
        )

    def _path(self, youth: Youth) -> str:
        return " · ".join(place_names(youth)[self._shared_levels :])

    def chips(self) -> list[Chip]:
        """The conditions in force, in words."""
        found = []
        if searches.has_words(self.search):
            found.append(Chip(_words_label(self.search), narrowed(self.params, s=None)))
        for name, value in self.filterset.form.cleaned_data.items():
            if value not in (None, "") and not (name == "state" and value == DEFAULT_STATE):
                found.append(Chip(self._condition(name, value), narrowed(self.params, **{name: None})))
        return found

    def _condition(self, name: str, value: Any) -> str:
        if name in _NUMBERS:
            return _NUMBERS[name].format(value)
        field: Any = self.filterset.form.fields[name]
        label = dict(field.choices).get(value, value)
        return f"{field.label}：{str(label).strip(INDENT)}"


def _words_label(search: Search | None) -> str:
    if search is None:
        return ""
    parts = [f"“{search.q}”"] if search.q else []
    return "查询词：" + "、".join([*parts, "证件号码"] if search.id_number_index else parts)


def place_names(youth: Any) -> tuple[str, str, str, str]:
    """District, street, community and grid of the file's responsible grid; `youth` is a row of a list."""
    return youth.in_district or "", youth.in_street or "", short_name(youth.in_community), youth.in_grid


def usable(params: QueryDict) -> dict[str, str]:
    """The conditions among these parameters that can stand in an address: no blank, no free text."""
    found = {name: params.get(name, "") for name in (*NAMES, "sort")}
    return {name: value for name, value in found.items() if _USABLE_VALUE.fullmatch(value)}


def only_known(params: QueryDict) -> QueryDict:
    """A copy of posted parameters that holds conditions alone: no word, no number, no token."""
    known = QueryDict(mutable=True)
    for name in ADDRESS:
        if name in params:
            known.setlist(name, params.getlist(name))
    return known
