"""The orders of the register and its pages by keyset: a page begins behind a row, not at a count of rows.

The row's place is carried in the address as a sealed text (`after`, `before`): it holds what the list is sorted by,
so that a page goes on from the same place after the row itself has changed, and nobody reads a name or a birth date
out of an address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.db.models import BooleanField, F, Field, Func, Q, Value
from django.http import QueryDict

from ..models import Youth
from .cursors import seal, unseal

PAGE_SIZE = 50


class BadOrder(ValueError):
    """There is no order of that name."""


class RowCompare(Func):
    """`(a, b) > (x, y)`: a comparison of rows, which an index answers in one step."""

    output_field = BooleanField()

    def __init__(self, columns: list[Any], values: list[Any], operator: str) -> None:
        super().__init__(*columns, *values)
        self.operator = operator

    def as_sql(  # type: ignore[override] # parameters may be of any type
        self, compiler: Any, connection: Any, **extra: Any
    ) -> tuple[str, list[Any]]:
        parts, params = [], []
        for expression in self.get_source_expressions():
            sql, own = compiler.compile(expression)
            parts.append(sql)
            params.extend(own)
        half = len(parts) // 2
        row, other = ", ".join(parts[:half]), ", ".join(parts[half:])
        return f"({row}) {self.operator} ({other})", params


@dataclass(frozen=True)
class Order:
    """How a list is sorted: `key` as the address names it, the columns behind it, and which way they run.

    `nullable`: the first (then only) column may be empty; `empty_first` tells where those rows stand.
    """

    key: str
    columns: tuple[str, ...]
    descending: bool = False
    nullable: bool = False
    empty_first: bool = False

    def turned(self) -> "Order":
        return Order(self.key, self.columns, not self.descending, self.nullable, not self.empty_first)

    def sort(self, queryset: Any) -> Any:
        return queryset.order_by(*(self._term(column) for column in (*self.columns, "id")))

    def _term(self, column: str) -> Any:
        nulls = {}
        if self.nullable and column == self.columns[0]:
            nulls = {"nulls_first": True} if self.empty_first else {"nulls_last": True}
        return F(column).desc(**nulls) if self.descending else F(column).asc(**nulls)

    def behind(self, place: "Place") -> Q:
        """The rows that come after this place in this order."""
        operator = "<" if self.descending else ">"
        empty = Q(**{f"{self.columns[0]}__isnull": True})
        if self.nullable and place.values[0] is None:
            beyond = empty & Q(**{f"id__{'lt' if self.descending else 'gt'}": place.id})
            return beyond | ~empty if self.empty_first else beyond
        fields = [*self.columns, "id"]
        values = [
            Value(value, output_field=cast("Field[Any, Any]", Youth._meta.get_field(field)))
            for field, value in zip(fields, (*place.values, place.id), strict=True)
        ]
        beyond = Q(RowCompare([F(field) for field in fields], values, operator))
        if self.nullable and not self.empty_first:
            beyond |= empty
        return beyond

    def place_of(self, youth: Youth, *, page: int) -> "Place":
        return Place(tuple(getattr(youth, column) for column in self.columns), youth.pk, page)


@dataclass(frozen=True)
class Place:
    """Where a row stands: what it is sorted by, its id, and the number of the page that it was shown on."""

    values: tuple[Any, ...]
    id: UUID
    page: int

    def sealed(self, order: Order) -> str:
        return seal([*self.values, str(self.id)], self.page, purpose=f"place:{order.key}")

    @classmethod
    def opened(cls, text: str, order: Order) -> "Place":
        """Raises BadCursor."""
        (*values, key), page = unseal(text, purpose=f"place:{order.key}")
        return cls(tuple(values), UUID(key), page)


def order_named(name: str, *, only_open: bool) -> Order:
    """The order of this name, `-` in front turning it round. Open files always have a due day. Raises BadOrder.

    Whoever was never verified comes first when the longest unverified do; age runs against the birth date.
    """
    orders = {
        "due": Order("due", ("next_due_on",), nullable=not only_open),
        "name": Order("name", ("pinyin", "name")),
        "verified": Order("verified", ("last_verified_on",), nullable=True, empty_first=True),
        "age": Order("age", ("birth_on",), descending=True),
        "grid": Order("grid", ("grid_id",)),
    }
    order = orders.get(name.removeprefix("-"))
    if order is None or name.startswith("--"):
        raise BadOrder
    if not name.startswith("-"):
        return order
    turned = order.turned()
    return Order(name, turned.columns, turned.descending, turned.nullable, turned.empty_first)


@dataclass
class Page:
    """One page of rows; `previous` and `next` are the query parts that lead to its neighbours."""

    rows: list[Youth]
    number: int
    previous: dict[str, str]
    next: dict[str, str]


# What fetches so many of these files in this order, with all that a row shows.
Fetch = Callable[[Any, Order, int], list[Youth]]


def read_page(queryset: Any, order: Order, params: QueryDict, fetch: Fetch) -> Page:
    """The page that `after` or `before` asks for, else the first (one fetch). Raises BadCursor."""
    after, before = params.get("after", ""), params.get("before", "")
    if after:
        place = Place.opened(after, order)
        found = fetch(queryset.filter(order.behind(place)), order, PAGE_SIZE + 1)
        return _page(order, found[:PAGE_SIZE], place.page + 1, earlier=True, later=len(found) > PAGE_SIZE)
    if before:
        place = Place.opened(before, order)
        back = order.turned()
        found = fetch(queryset.filter(back.behind(place)), back, PAGE_SIZE + 1)
        rows = found[:PAGE_SIZE][::-1]
        return _page(order, rows, max(1, place.page - 1), earlier=len(found) > PAGE_SIZE, later=True)
    found = fetch(queryset, order, PAGE_SIZE + 1)
    return _page(order, found[:PAGE_SIZE], 1, earlier=False, later=len(found) > PAGE_SIZE)


def _page(order: Order, rows: list[Youth], number: int, *, earlier: bool, later: bool) -> Page:
    previous = {"before": order.place_of(rows[0], page=number).sealed(order)} if rows and earlier else {}
    following = {"after": order.place_of(rows[-1], page=number).sealed(order)} if rows and later else {}
    return Page(rows, number, previous, following)
