"""What the register can be asked: one FilterSet over a queryset that is already in scope.

The same set stands behind the list, its counts, its export and, by its parameter names, saved searches.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db.models import Exists, F, OuterRef, Q
from django.http import QueryDict
from django.utils import timezone

from grids.scope import within

from ..codes import Grade, NeedKind
from ..models import Category, Handover, Youth
from .places import Places
from .widgets import QuickSelect, QuickTextInput

DUE_SOON_DAYS = 7
OLDEST = 40  # closed files stay searchable beyond the 25 years of the register
LONGEST_DAYS = 3_650

STATES = [("open", "在管"), ("handover", "交接中"), ("closed", "已结"), ("all", "全部档案")]
VISITS = [("overdue", "已逾期"), ("today", "今天到期"), ("week", f"{DUE_SOON_DAYS} 天内到期")]
DEFAULT_STATE = "open"

_NO_SUCH_CHOICE = "没有这个选项，请重新选择。"


def years_before(day: date, years: int) -> date:
    """The latest birth date of somebody who is that old on the day (29 February counts from 1 March)."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def visit_condition(due: str, today: date) -> Q:
    """Open files by when their next visit falls: overdue, today, or within the week that begins today."""
    days = {
        "overdue": Q(next_due_on__lt=today),
        "today": Q(next_due_on=today),
        "week": Q(next_due_on__gte=today, next_due_on__lte=today + timedelta(days=DUE_SOON_DAYS)),
    }
    return Q(state=Youth.State.OPEN) & days[due]


def state_condition(state: str) -> Q:
    if state == "all":
        return Q()
    if state == "handover":
        waiting = Handover.objects.open().filter(youth=OuterRef("pk"))
        return Q(Exists(waiting), state=Youth.State.OPEN)
    return Q(state=state)


class WholeNumber(django_filters.Filter):
    field_class = forms.IntegerField

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        limits = f"请填 {least} 至 {most:,} 之间的整数。"
        super().__init__(
            min_value=least,
            max_value=most,
            error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), limits),
            # Not a number input: that one forgets what was typed when it is no number.
            widget=QuickTextInput(attrs={"inputmode": "numeric", "maxlength": 5, "autocomplete": "off"}),
            **kwargs,
        )


class Choice(django_filters.ChoiceFilter):
    def __init__(self, *, message: str = _NO_SUCH_CHOICE, **kwargs: Any) -> None:
        kwargs.setdefault("empty_label", "不限")
        kwargs.setdefault("widget", QuickSelect)
        super().__init__(error_messages={"invalid_choice": message}, **kwargs)


class StateChoice(Choice):
    """Nothing said means the open files."""

    def filter(self, qs: Any, value: str) -> Any:
        return qs.filter(state_condition(value or DEFAULT_STATE))


class YouthForm(forms.Form):
    """The checks across fields. One value a field: the address means one list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The select says nothing of the usual state, so that it counts as an unused condition.
        state: Any = self.fields["state"]
        state.widget.choices = [("", STATES[0][1]), *STATES[1:]]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        for name in self.fields:
            if isinstance(self.data, QueryDict) and len(set(self.data.getlist(name))) > 1:
                self.add_error(name, "这一项有多个值，请只选一个。")
        youngest, oldest = data.get("age_min"), data.get("age_max")
        if youngest is not None and oldest is not None and youngest > oldest:
            self.add_error("age_max", "最大年龄不能小于最小年龄。")
        return data


class YouthFilter(django_filters.FilterSet):
    """Filters of the register, by the names that addresses, saved searches and the API use."""

    division = Choice(
        label="地区", method="by_division", empty_label="全部", message="没有这个地区，请重新选择。"
    )
    category = Choice(
        label="类别", method="by_category", empty_label="全部类别", message="没有这个类别，请重新选择。"
    )
    age_min = WholeNumber(label="年龄（岁）从", method="by_age_min", least=0, most=OLDEST)
    age_max = WholeNumber(label="年龄（岁）到", method="by_age_max", least=0, most=OLDEST)
    school = Choice(label="就学", choices=Youth.School.choices)
    work = Choice(label="就业", choices=Youth.Work.choices)
    guardian = Choice(label="监护", choices=Youth.Guardian.choices)
    hukou = Choice(label="户籍", choices=Youth.Hukou.choices)
    need = Choice(label="需求", method="by_need", choices=NeedKind.choices)
    grade = Choice(label="关注等级", choices=[(grade.value, f"{grade.label} 级") for grade in Grade])
    state = StateChoice(label="档案状态", choices=STATES, empty_label=None)
    visit_due = Choice(label="走访", method="by_visit", choices=VISITS)
    unverified_days = WholeNumber(label="未核实满（天）", method="by_unverified", least=1, most=LONGEST_DAYS)
    moved_days = WholeNumber(label="迁移在（天）内", method="by_moved", least=1, most=LONGEST_DAYS)

    class Meta:
        form = YouthForm

    def __init__(
        self,
        data: QueryDict,
        queryset: Any,
        *,
        places: Places,
        categories: Iterable[Category],
        today: date | None = None,
    ) -> None:
        """`categories` are those that the person may know of: others are as unknown as any other word."""
        super().__init__(data, queryset)
        self.today = today or timezone.localdate()
        self.places = places
        self.categories = list(categories)
        choices = [(category.code, category.short_name) for category in self.categories]
        self.filters["category"].extra["choices"] = choices
        options = places.choices if places.is_known else [o for o in places.choices if o[0] != places.wanted]
        self.filters["division"].extra["choices"] = options
        if len(places.roots) == 1:
            self.filters["division"].extra["empty_label"] = f"{places.label(places.roots[0])}（全部）"

    @property
    def chosen_state(self) -> str:
        return self.form.cleaned_data.get("state") or DEFAULT_STATE

    def listed(self, *, leaving_out: Collection[str] = ()) -> Any:
        """The files that meet the conditions, but for those named: a count replaces its own condition."""
        queryset = self.queryset
        for name, value in self.form.cleaned_data.items():
            if name not in leaving_out:
                queryset = self.filters[name].filter(queryset, value)
        return queryset

    def by_division(self, queryset: Any, name: str, code: str) -> Any:
        return queryset.filter(within("grid_id", [code]))

    def by_category(self, queryset: Any, name: str, code: str) -> Any:
        bit = next(category.bit for category in self.categories if category.code == code)
        return queryset.alias(_in_category=F("category_mask").bitand(bit)).filter(_in_category=bit)

    def by_age_min(self, queryset: Any, name: str, years: int) -> Any:
        return queryset.filter(birth_on__lte=years_before(self.today, years))

    def by_age_max(self, queryset: Any, name: str, years: int) -> Any:
        return queryset.filter(birth_on__gt=years_before(self.today, years + 1))

    def by_need(self, queryset: Any, name: str, kind: str) -> Any:
        return queryset.filter(needs__contains=[kind])

    def by_visit(self, queryset: Any, name: str, due: str) -> Any:
        return queryset.filter(visit_condition(due, self.today))

    def by_unverified(self, queryset: Any, name: str, days: int) -> Any:
        """Nobody has verified for so many days, or ever."""
        return queryset.filter(
            Q(last_verified_on=None) | Q(last_verified_on__lte=self.today - timedelta(days=days))
        )

    def by_moved(self, queryset: Any, name: str, days: int) -> Any:
        return queryset.filter(moved_on__gte=self.today - timedelta(days=days))


NAMES = tuple(YouthFilter.base_filters)
# Beside the filters an address carries the search (`s`), the order and the place in the list.
ADDRESS = (*NAMES, "s", "sort")
_DEFAULTS = {"state": DEFAULT_STATE, "sort": "due"}


def narrowed(params: QueryDict, **changes: Any) -> str:
    """The query of the same list with some conditions changed (None: dropped), from its first page; "?" for none."""
    query = {}
    for name in ADDRESS:
        value = changes[name] if name in changes else params.get(name)
        if value not in (None, "") and _DEFAULTS.get(name) != value:
            query[name] = str(value)
    return f"?{urlencode(query)}"
