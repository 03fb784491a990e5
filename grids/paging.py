"""Pages by keyset of lists that run along one moment or day: a page begins behind a row, not at a count of rows.

The address names that row by its random id (`after`, `before`); a row that is not in the reader's own list is 404.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, Q, QuerySet
from django.http import Http404, QueryDict

PAGE_SIZE = 50
M = TypeVar("M", bound=Model)


@dataclass
class Page(Generic[M]):
    """One page of rows, and the addresses of its neighbours ("" where the list ends)."""

    rows: list[M]
    previous_url: str = ""
    next_url: str = ""

    @property
    def has_neighbours(self) -> bool:
        return bool(self.previous_url or self.next_url)


def read_page(
    queryset: QuerySet[M],
    params: QueryDict,
    column: str | tuple[str, ...],
    *,
    descending: bool,
    among: QuerySet[M] | None = None,
    joined: Sequence[str] = (),
) -> Page[M]:
    """The page that `after` or `before` asks for, else the first. Along one column, or several in the same direction.

    A column is never empty; ties run along the id.

    `among` is where the named row is looked for: the reader's list without filters, since the row may have left them.
    `joined`: what a row comes with, fetched by a statement of its own for the page's rows. For long lists that join
    many tables: the planner, which moves no more than eight, would join all rows before it takes the first fifty.
    """
    columns = (*((column,) if isinstance(column, str) else column), "id")
    back = "before" in params
    name = params.get("before" if back else "after", "")
    descending_now = descending != back
    if name:
        # Not `or`: that would read the whole list to see whether it is empty.
        named = _named(queryset if among is None else among, name)
        queryset = queryset.filter(_behind(named, columns, descending=descending_now))
    sign = "-" if descending_now else ""
    queryset = queryset.order_by(*(f"{sign}{each}" for each in columns))
    if joined:
        few = list(queryset.values_list("pk", flat=True)[: PAGE_SIZE + 1])
        found = list(queryset.filter(pk__in=few).select_related(*joined))
    else:
        found = list(queryset[: PAGE_SIZE + 1])
    more, rows = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if back:
        rows.reverse()
    if not rows:
        return Page([], previous_url=_without_place(params) if name else "")
    has_previous, has_next = (more, True) if back else (bool(name), more)
    return Page(
        rows,
        _at(params, "before", rows[0]) if has_previous else "",
        _at(params, "after", rows[-1]) if has_next else "",
    )


def _named(queryset: QuerySet[M], name: str) -> M:
    try:
        return queryset.get(pk=UUID(name))
    except (ValueError, ObjectDoesNotExist):
        raise Http404 from None


def _behind(row: Any, columns: tuple[str, ...], *, descending: bool) -> Q:
    """Behind the row in the order of these columns: beyond it in the first, or equal there and beyond in the next …"""
    beyond, condition, equal = ("lt" if descending else "gt"), Q(), Q()
    for column in columns:
        value = getattr(row, column)
        condition |= equal & Q(**{f"{column}__{beyond}": value})
        equal &= Q(**{column: value})
    return condition


def _without_place(params: QueryDict) -> str:
    query = params.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    return f"?{query.urlencode()}"


def _at(params: QueryDict, name: str, row: Model) -> str:
    url = _without_place(params)
    return f"{url}{'&' if len(url) > 1 else ''}{name}={row.pk}"
