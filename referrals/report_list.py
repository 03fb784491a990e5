"""The list of reports 问题上报 in one person's scope, and its counts: each a link to exactly those that it counts."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import BooleanField, Case, Count, Q, QuerySet, Value, When
from django.db.models.functions import Substr
from django.http import QueryDict
from django.utils import timezone

from grids.models import Division, Grid, User
from grids.paging import Page, read_page
from grids.permissions import Permission
from grids.scope import prefix_range, within

from .models import Report
from .models.reports import UNTOLD, URGENT

PENDING = "pending"
_STATES = {
    PENDING: "待办",
    "answered": "已答复",
    "joined": "已并入",
    "case": "转为个案",
    "all": "全部",
}
_RANKS = {"untold": "没登记报告的", "urgent": "紧急", "late": "超期"}
_LENGTHS = (4, 6, 9, 12, 15)
_ABOUT = ("youth", "dwelling", "grid__community", "found_by")


@dataclass(frozen=True)
class Choice:
    """One line of the counts: `value` is what its link asks for."""

    value: str
    label: str
    count: int
    is_current: bool


@dataclass(frozen=True)
class _Row:
    """So many reports that are alike in all that is counted."""

    kind: str
    rank: int
    is_late: bool
    is_mine: bool
    part: str
    count: int


class ReportList:
    def __init__(self, user: User, params: QueryDict) -> None:
        self.user, self.params = user, params
        state, kind, rank = (params.get(name, "") for name in ("state", "kind", "rank"))
        self.state = state if state in _STATES else PENDING
        self.kind = kind if kind in Report.Kind.values else ""
        self.rank = rank if rank in _RANKS else ""
        self.is_mine = params.get("mine", "") == "1"
        area = params.get("area", "")
        inside = area.isascii() and area.isdigit() and len(area) in _LENGTHS
        self.area = area if inside and user.may_in(Permission.SEE_YOUTHS, area) else ""
        self.now = timezone.now()

    # --- The rows

    @property
    def _mine(self) -> QuerySet[Report]:
        seen = Report.objects.visible_to(self.user)
        if self.area:
            low, high = prefix_range(self.area)
            seen = seen.filter(grid_id__gte=low, grid_id__lt=high)
        return seen

    @property
    def _late(self) -> Q:
        return Q(state=Report.State.NEW, due_at__lt=self.now)

    @property
    def _in_state(self) -> QuerySet[Report]:
        if self.state == PENDING:
            return self._mine.filter(Q(state=Report.State.NEW) | Q(rank=UNTOLD))
        return self._mine if self.state == "all" else self._mine.filter(state=self.state)

    @property
    def _conditions(self) -> Q:
        """Everything that narrows beside the state and the area."""
        ranks = {"untold": Q(rank=UNTOLD), "urgent": Q(rank__lte=URGENT), "late": self._late}
        wanted = ranks.get(self.rank, Q())
        if self.kind:
            wanted &= Q(kind=self.kind)
        if self.is_mine:
            wanted &= Q(found_by=self.user)
        return wanted

    @cached_property
    def page(self) -> Page[Report]:
        """What waits: what burns first, then what is due first. What has ended: the latest first."""
        rows = self._in_state.filter(self._conditions).select_related(*_ABOUT)
        columns: Any = ("rank", "due_at") if self.state == PENDING else "found_at"
        among = Report.objects.visible_to(self.user)
        return read_page(rows, self.params, columns, descending=self.state != PENDING, among=among)

    # --- The counts

    @cached_property
    def _part_length(self) -> int:
        """How long a code of the next level down is."""
        roots = [self.area] if self.area else self.user.prefixes(Permission.SEE_YOUTHS)
        longest = max((len(root) for root in roots), default=4)
        if len(roots) > 1:
            return 15 if longest >= 12 else longest
        return next((length for length in _LENGTHS if length > longest), 15)

    @cached_property
    def _rows(self) -> list[_Row]:
        """What the counts of the chosen state need, in one statement."""
        late = Case(When(self._late, then=Value(True)), default=Value(False), output_field=BooleanField())
        own = Case(
            When(found_by=self.user, then=Value(True)), default=Value(False), output_field=BooleanField()
        )
        part = Substr("grid_id", 1, self._part_length)
        alike = self._in_state.order_by().annotate(is_late=late, is_mine=own, part=part)
        names = ("kind", "rank", "is_late", "is_mine", "part")
        return [_Row(*row) for row in alike.values_list(*names).annotate(number=Count("pk"))]

    def _fits(self, row: _Row, *, but: str = "") -> bool:
        return (
            (but == "kind" or self.kind in ("", row.kind))
            and (but == "rank" or not self.rank or _in_rank(row, self.rank))
            and (but == "mine" or not self.is_mine or row.is_mine)
        )

    @cached_property
    def count(self) -> int:
        return sum(row.count for row in self._rows if self._fits(row))

    @property
    def states(self) -> list[Choice]:
        """How many there are in each state under the same conditions: two columns of an index."""
        alike = self._mine.filter(self._conditions).order_by().values_list("state", "rank")
        found = list(alike.annotate(number=Count("pk")))
        return [
            Choice(
                key, label, sum(n for state, rank, n in found if _is_in(key, state, rank)), key == self.state
            )
            for key, label in _STATES.items()
        ]

    @property
    def ranks(self) -> list[Choice]:
        rows = [row for row in self._rows if self._fits(row, but="rank")]
        return [
            Choice(key, label, sum(row.count for row in rows if _in_rank(row, key)), key == self.rank)
            for key, label in _RANKS.items()
        ]

    @property
    def kinds(self) -> list[Choice]:
        found: Counter[str] = Counter()
        for row in self._rows:
            if self._fits(row, but="kind"):
                found[row.kind] += row.count
        return [
            Choice(key, label, found[key], key == self.kind)
            for key, label in Report.Kind.choices
            if found[key]
        ]

    @property
    def own_count(self) -> int:
        return sum(row.count for row in self._rows if row.is_mine and self._fits(row, but="mine"))

    @cached_property
    def parts(self) -> list[Choice]:
        """The areas one level down that have any, by name."""
        found: Counter[str] = Counter()
        for row in self._rows:
            if self._fits(row):
                found[row.part] += row.count
        if self.area and len(self.area) == 15:
            return []
        names = self._names(found)
        return [Choice(code, names.get(code, code), found[code], False) for code in sorted(found)]

    def _names(self, codes: Counter[str]) -> dict[str, str]:
        if not codes:
            return {}
        if self._part_length == 15:
            grids = Grid.objects.filter(pk__in=list(codes)).select_related("community")
            several = len({code[:12] for code in codes}) > 1
            return {grid.pk: f"{grid.community}{grid}" if several else str(grid) for grid in grids}
        return {each.pk: each.short_name for each in Division.objects.filter(pk__in=list(codes))}

    @cached_property
    def area_name(self) -> str:
        if not self.area:
            return ""
        if len(self.area) == 15:
            grid = Grid.objects.filter(within("code", [self.area])).select_related("community").first()
            return f"{grid.community}{grid}" if grid else ""
        place = Division.objects.filter(pk=self.area).first()
        return place.short_name if place else ""

    @property
    def kind_name(self) -> str:
        return str(Report.Kind(self.kind).label) if self.kind else ""

    @property
    def rank_name(self) -> str:
        return _RANKS.get(self.rank, "")

    @property
    def is_narrowed(self) -> bool:
        return bool(self.kind or self.rank or self.area or self.is_mine)


def _is_in(wanted: str, state: str, rank: int) -> bool:
    if wanted == PENDING:
        return state == Report.State.NEW or rank == UNTOLD
    return wanted in ("all", state)


def _in_rank(row: _Row, rank: str) -> bool:
    return {"untold": row.rank == UNTOLD, "urgent": row.rank <= URGENT, "late": row.is_late}[rank]
