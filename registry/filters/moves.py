"""What the list of moves can be asked: which way, where, when, and about whom.

The board's figures and the list behind each of them are made of the same conditions.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Count, Expression, Q
from django.http import QueryDict
from django.utils import timezone

from grids.scope import within

from ..models import Youth
from .places import Places
from .youths import years_before

DIRECTIONS = [("in", "迁入"), ("out", "迁出"), ("within", "区域内")]
WHO = [("register", "在管青少年"), ("under26", "26 岁以下"), ("all", "全部居民")]
DEFAULT_WHO = "register"
DEFAULT_DAYS = 30


def direction_condition(direction: str, areas: list[str]) -> Q:
    """Moves into, out of or within these areas together; "" is all that touch them."""
    reached, left = within("to_grid_id", areas), within("from_grid_id", areas)
    if direction == "in":
        return reached & (Q(from_grid=None) | ~left)
    if direction == "out":
        return left & (Q(to_grid=None) | ~reached)
    return reached & left if direction == "within" else reached | left


def who_condition(who: str, *, since: date, today: date) -> Q:
    """Of whom. No move is later than its file's last one, so the files tell where to look, without a scan of moves."""
    if who == "register":
        return Q(resident__youth__state=Youth.State.OPEN, resident__youth__moved_on__gte=since)
    return Q(resident__birth_on__gt=years_before(today, 26)) if who == "under26" else Q()


def period_of(days: int, *, today: date) -> tuple[date, date]:
    """The last so many days, today included."""
    return today - timedelta(days=days - 1), today


def taken_place(moves: Any, *, since: date, until: date, who: str, today: date) -> Any:
    """Moves of a period, both days included, that did take place."""
    moves = moves.filter(voided_at=None, moved_on__gte=since, moved_on__lte=until)
    return moves.filter(who_condition(who, since=since, today=today))


def counts_by_place(moves: Any, place_of: Callable[[str], Expression]) -> dict[str, dict[str, int]]:
    """Place → direction → moves into, out of, within it ("": all that touch it); two statements.

    `place_of` makes the expression that says in which place the grid of a field lies.
    """
    counts: dict[str, dict[str, int]] = {}
    reached, left = place_of("to_grid_id"), place_of("from_grid_id")
    for place, other, number in _grouped(moves.exclude(to_grid=None), reached, left):
        _add(counts, place, "within" if other == place else "in", number)
    for place, other, number in _grouped(moves.exclude(from_grid=None), left, reached):
        if other != place:
            _add(counts, place, "out", number)
    return counts


def direction_counts(moves: Any, areas: list[str]) -> dict[str, int]:
    """Direction → moves into, out of, within these areas together ("": all that touch them); one statement."""
    directions = ("", "in", "out", "within")
    numbers = {f"n_{d}": Count("id", filter=direction_condition(d, areas)) for d in directions}
    found = moves.aggregate(**numbers)
    return {d: found[f"n_{d}"] for d in directions}


def _grouped(moves: Any, place: Expression, other: Expression) -> Any:
    rows = moves.order_by().annotate(place=place, other=other).exclude(place=None)
    return rows.values_list("place", "other").annotate(number=Count("id"))


def _add(counts: dict[str, dict[str, int]], place: str, direction: str, number: int) -> None:
    found = counts.setdefault(place, {"": 0, "in": 0, "out": 0, "within": 0})
    found[direction] += number
    found[""] += number


class MoveFilter(forms.Form):
    """`?direction=in&division=340207&from=2026-11-01&to=2026-11-24&who=register`; nothing said: the last 30 days."""

    direction = forms.ChoiceField(label="方向", required=False, choices=[("", "全部"), *DIRECTIONS])
    division = forms.ChoiceField(
        label="地区", required=False, error_messages={"invalid_choice": "没有这个地区，请重新选择。"}
    )
    who = forms.ChoiceField(label="人员", required=False, choices=WHO)

    def __init__(self, data: QueryDict, *, places: Places, all_people: bool) -> None:
        """`all_people`: whether the reader may see moves of people who have no file."""
        self.today = timezone.localdate()
        self.places = places
        since, until = period_of(DEFAULT_DAYS, today=self.today)
        data = data.copy()
        for name, value in (("from", since), ("to", until), ("who", DEFAULT_WHO)):
            data[name] = data.get(name) or str(value)
        super().__init__(data)
        whole = f"{places.label(places.roots[0])}（全部）" if len(places.roots) == 1 else "全部"
        known = [choice for choice in places.choices if places.is_known or choice[0] != places.wanted]
        self.fields["division"].choices = [("", whole), *known]  # type: ignore[attr-defined]
        if not all_people:
            self.fields["who"].choices = WHO[:1]  # type: ignore[attr-defined]
        # `from` is a word of Python's own, so these two cannot be declared above.
        self.fields["from"] = _day("从")
        self.fields["to"] = _day("到")

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("from") and data.get("to") and data["from"] > data["to"]:
            self.add_error("to", "结束日期不能早于开始日期。")
        return data

    @property
    def direction_(self) -> str:
        return self.cleaned_data["direction"]

    def of_period(self, moves: Any) -> Any:
        """Whatever the filters other than place and direction leave."""
        data = self.cleaned_data
        return taken_place(moves, since=data["from"], until=data["to"], who=data["who"], today=self.today)

    def listed(self, moves: Any) -> Any:
        return self.of_period(moves).filter(direction_condition(self.direction_, self.places.areas))


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "日期要写成 2026-11-24 这样。"},
    )
