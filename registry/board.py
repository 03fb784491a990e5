"""The cadre's board 工作台: figures by division, each of them the length of the list that its link opens.

Everything is counted in a fixed number of statements, by the very conditions that the lists filter by
(registry/filters); a test opens every figure and counts the rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, CharField, Count, Expression, F, Q, Value, When
from django.db.models.functions import Left
from django.urls import reverse
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from grids.scope import within

from .filters import handovers as handover_filter
from .filters import moves as move_filter
from .filters.places import Places
from .filters.youths import visit_condition
from .models import Category, Handover, Move, Youth
from .reasons import visible_mask

UNVERIFIED_DAYS = 90
MOVED_DAYS = 7

# Place → figure → how many.
Counts = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Figure:
    """A number that opens into names. `tone`, when it is not nought: "late", "soon" or ""."""

    label: str
    count: int
    url: str
    tone: str = ""
    short: str = ""


@cache
def _address(page: str) -> str:
    """A board has hundreds of figures and few pages."""
    return reverse(page)


@dataclass(frozen=True)
class Column:
    """One figure of every division: what it is called and which list it opens."""

    key: str
    label: str
    page: str
    query: dict[str, str]
    tone: str = ""
    short: str = ""  # what stands in a narrow column instead of the label

    def figure(self, count: int, division: str) -> Figure:
        query = self.query | ({"division": division} if division else {})
        url = _address(self.page) + (f"?{urlencode(query)}" if query else "")
        return Figure(self.label, count, url, self.tone if count else "", self.short or self.label)


@dataclass(frozen=True)
class Row:
    """A division and its figures, in the order of the columns."""

    code: str
    name: str
    figures: list[Figure]


@dataclass(frozen=True)
class Board:
    scope_label: str
    columns: list[Column]
    rows: list[Row]
    totals: list[Figure]


def board_of(user: User) -> Board:
    """The figures of the user's areas together, and of each division one level below (or of each area)."""
    today = timezone.localdate()
    places = Places(user.prefixes(Permission.SEE_YOUTHS))
    categories = list(Category.objects.all())
    allowed = visible_mask(user, categories)
    shown = [category for category in categories if category.bit & allowed]
    columns = _columns(shown, today)
    counts, totals = _counted(user, places, shown, today)
    rows = [
        Row(
            code,
            places.label(code),
            [column.figure(counts.get(code, {}).get(column.key, 0), code) for column in columns],
        )
        for code in children_of(places)
    ]
    return Board(
        scope_label=places.scope_label,
        columns=columns,
        rows=rows,
        totals=[column.figure(totals.get(column.key, 0), "") for column in columns],
    )


def _columns(categories: list[Category], today: date) -> list[Column]:
    since, until = move_filter.period_of(MOVED_DAYS, today=today)
    week = {"from": since.isoformat(), "to": until.isoformat()}
    return [
        Column("open", "在管", "youths", {}),
        *(Column(c.code, c.short_name, "youths", {"category": c.code}) for c in categories),
        Column("overdue", "走访逾期", "youths", {"visit_due": "overdue"}, "late"),
        Column(
            "unverified",
            f"{UNVERIFIED_DAYS} 天未核实",
            "youths",
            {"unverified_days": str(UNVERIFIED_DAYS)},
            "soon",
        ),
        Column("waiting", "待接收", "handovers", {"direction": "in"}, "soon"),
        Column("escalated", "超时上报", "handovers", {"direction": "in", "state": "escalated"}, "late"),
        Column("abroad", "外地待答复", "handovers", {"direction": "abroad"}),
        Column("in", f"{MOVED_DAYS} 天迁入", "moves", {"direction": "in", **week}),
        Column("out", f"{MOVED_DAYS} 天迁出", "moves", {"direction": "out", **week}),
    ]


def children_of(places: Places) -> list[str]:
    """The codes of the rows of a board that stands on these places, in order."""
    if not places.base:
        return places.areas
    return places.children


def place_of(places: Places) -> Callable[[str], Expression]:
    """Field of a grid code → the expression of the row that the code belongs to (NULL: to none)."""
    if places.base:
        return lambda field: Case(
            When(within(field, [places.base]), then=Left(field, places.next_length)),
            default=None,
            output_field=CharField(),
        )
    return lambda field: Case(
        *(When(within(field, [area]), then=Value(area)) for area in places.areas),
        default=None,
        output_field=CharField(),
    )


def _counted(
    user: User, places: Places, categories: list[Category], today: date
) -> tuple[Counts, dict[str, int]]:
    """All counts by place, and together. A move between two places is in and out of them, not of their whole."""
    placed = place_of(places)
    youths = Youth.objects.visible_to(user).annotate(place=placed("grid_id"))
    counts = youth_counts(youths, categories, today)
    _merge(counts, _handover_counts(user, placed))
    totals: dict[str, int] = {}
    for figures in counts.values():
        for key, number in figures.items():
            totals[key] = totals.get(key, 0) + number
    moves = _moves_of_the_week(user, today)
    _merge(counts, move_filter.counts_by_place(moves, placed))
    return counts, totals | move_filter.direction_counts(moves, places.areas)


def _merge(counts: Counts, more: Counts) -> None:
    for place, figures in more.items():
        counts.setdefault(place, {}).update(figures)


def youth_counts(youths: Any, categories: list[Category], today: date) -> Counts:
    """Open files by their annotation `place`: all of them, in each category, by visit, unverified; one statement."""
    unverified = Q(last_verified_on=None) | Q(last_verified_on__lte=today - timedelta(days=UNVERIFIED_DAYS))
    conditions = {due: visit_condition(due, today) for due in ("overdue", "today", "week")}
    conditions |= {"unverified": unverified}
    conditions |= {category.code: Q(**{f"_{category.code}": category.bit}) for category in categories}
    bits = {f"_{category.code}": F("category_mask").bitand(category.bit) for category in categories}
    numbers = {f"n_{key}": Count("id", filter=condition) for key, condition in conditions.items()}
    rows = youths.open().order_by().alias(**bits).values("place").annotate(n_open=Count("id"), **numbers)
    return {row.pop("place"): {key.removeprefix("n_"): number for key, number in row.items()} for row in rows}


def _handover_counts(user: User, placed: Callable[[str], Expression]) -> Counts:
    """Open handovers by the place that receives them, and those out of the city by the place they leave."""
    still_open = Handover.objects.visible_to(user).open().order_by()
    counts: Counts = {}
    received = still_open.annotate(place=placed("to_grid_id")).exclude(place=None).values_list("place")
    escalated = Count("id", filter=handover_filter.state_condition("escalated"))
    for place, number, late in received.annotate(Count("id"), late=escalated):
        counts[place] = {"waiting": number, "escalated": late}
    abroad = still_open.filter(to_grid=None).annotate(place=placed("from_grid_id")).exclude(place=None)
    for place, number in abroad.values_list("place").annotate(Count("id")):
        counts.setdefault(place, {})["abroad"] = number
    return counts


def _moves_of_the_week(user: User, today: date) -> Any:
    since, until = move_filter.period_of(MOVED_DAYS, today=today)
    moves = Move.objects.visible_to(user)
    return move_filter.taken_place(moves, since=since, until=until, who=move_filter.DEFAULT_WHO, today=today)
