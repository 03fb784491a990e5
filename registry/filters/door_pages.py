"""Pages of a list in the order of a walk: a page begins behind a door (and a household, and a person), not at a count.

The place is carried in the address as a sealed text (`after`, `before`), so that nobody reads a door out of it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import DateField, F, Q, TextField, Value
from django.db.models.functions import Cast
from django.http import QueryDict

from .cursors import BadCursor, seal, unseal
from .orders import RowCompare

PAGE_SIZE = 50
_PURPOSE = "place:door"

# A row's place: its values of the columns that the list is sorted by. The first is the door's order.
Key = tuple[Any, ...]


@dataclass
class DoorPage:
    """One page of places; `previous` and `next` are the query parts that lead to its neighbours."""

    keys: list[Key]
    number: int
    previous: str = ""
    next: str = ""


def read_door_page(queryset: Any, columns: tuple[str, ...], params: QueryDict) -> DoorPage:
    """The page that `after` or `before` asks for, else the first (one statement). Raises BadCursor.

    `queryset` yields tuples of `columns` (`values_list`), distinct if need be.
    """
    after, before = params.get("after", ""), params.get("before", "")
    if after:
        place, number = _opened(after, len(columns))
        found = _fetch(queryset, columns, place)
        return _page(found, number + 1, earlier=True, later=len(found) > PAGE_SIZE)
    if before:
        place, number = _opened(before, len(columns))
        found = _fetch(queryset, columns, place, back=True)
        rows = found[:PAGE_SIZE][::-1]
        return _page(rows, max(1, number - 1), earlier=len(found) > PAGE_SIZE, later=True)
    found = _fetch(queryset, columns)
    return _page(found, 1, earlier=False, later=len(found) > PAGE_SIZE)


def _fetch(queryset: Any, columns: tuple[str, ...], place: Key = (), *, back: bool = False) -> list[Key]:
    if place:
        values = [_value(value) for value in place]
        row = RowCompare([F(column) for column in columns], values, "<" if back else ">")
        # The first column alone as well: that part of the condition walks the index from the place on.
        beyond = Q(**{f"{columns[0]}__{'lte' if back else 'gte'}": place[0]})
        queryset = queryset.filter(beyond, Q(row))
    return list(queryset.order_by(*(f"{'-' if back else ''}{column}" for column in columns))[: PAGE_SIZE + 1])


def _value(value: Any) -> Any:
    if isinstance(value, str):
        # Sorted as the column is: by bytes.
        return Cast(Value(value), TextField(db_collation="C"))
    return Value(value, output_field=DateField()) if isinstance(value, date) else Value(value)


def _page(found: list[Key], number: int, *, earlier: bool, later: bool) -> DoorPage:
    keys = found[:PAGE_SIZE]
    page = DoorPage(keys, number)
    if keys and earlier:
        page.previous = f"before={_sealed(keys[0], number)}"
    if keys and later:
        page.next = f"after={_sealed(keys[-1], number)}"
    return page


def _sealed(key: Key, number: int) -> str:
    return seal(key, number, purpose=_PURPOSE)


def _opened(text: str, length: int) -> tuple[Key, int]:
    key, number = unseal(text, purpose=_PURPOSE)
    if len(key) != length:  # of another list
        raise BadCursor
    return key, number
