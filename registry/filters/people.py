"""What the people-and-housing register 人房系统 can be asked: one set of conditions for persons, households and doors.

Conditions on a person (age, sex, since when) mean the listed person; a household or a door is listed when somebody in
it meets them all. Household make-up looks at everybody of the same household behind the same door.
"""

from datetime import date, timedelta
from typing import Any, Final

import django_filters
from django import forms
from django.db.models import BooleanField, Count, Exists, F, Func, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils import timezone

from grids.scope import within

from ..models import Presence
from .places import Places
from .youths import Choice, WholeNumber, years_before

OLDEST: Final = 120
LONGEST_DAYS: Final = 36_500
MANY: Final = 10  # people behind one door, from which on it is no family's any more
CHILD: Final = 16  # younger than that
ADULT: Final = 18
GRANDPARENT: Final = 50

MAKEUPS = [
    ("child", f"有 {CHILD} 岁以下的孩子"),
    ("grandparents", "老人带孩子（隔代）"),
    ("minors", "只有未成年人"),
    ("single", "一个人住"),
    ("dormitory", f"集体居住（一门 {MANY} 人以上）"),
]
MAKEUP_RULES = {
    "grandparents": f"有 {CHILD} 岁以下的孩子和 {GRANDPARENT} 岁以上的人，没有 {CHILD} 至 {GRANDPARENT - 1} 岁的人同住",
    "minors": f"同住的人都不满 {ADULT} 岁",
    "dormitory": f"同一个门里住 {MANY} 人及以上",
}
LIVING = [("lived", "有人居住"), ("empty", "没有登记住人")]
# Conditions on the person; the others are about the place or the household.
OF_PERSON = ("age_min", "age_max", "moved_days", "stayed_days")


class PeopleForm(forms.Form):
    """The checks across fields. One value a field: the address means one list."""

    is_citywide = False  # nothing narrower than the city is asked for

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        for name in self.fields:
            if isinstance(self.data, QueryDict) and len(set(self.data.getlist(name))) > 1:
                self.add_error(name, "这一项有多个值，请只选一个。")
        youngest, oldest = data.get("age_min"), data.get("age_max")
        if youngest is not None and oldest is not None and youngest > oldest:
            self.add_error("age_max", "最大年龄不能小于最小年龄。")
        new, long = data.get("moved_days"), data.get("stayed_days")
        if new is not None and long is not None and long > new:
            self.add_error("stayed_days", "住满的天数不能多于入住的天数。")
        if data.get("makeup") and self.is_citywide and "division" not in self.errors:
            self.add_error("division", "按家庭构成查，请先选区县，或填小区。")
        return data


class RowIn(Func):
    """`(a, b) IN (SELECT …)`; the sub-query comes last."""

    output_field = BooleanField()

    def as_sql(  # type: ignore[override] # parameters may be of any type
        self, compiler: Any, connection: Any, **extra: Any
    ) -> tuple[str, list[Any]]:
        parts, params = [], []
        for expression in self.get_source_expressions():
            sql, own = compiler.compile(expression)
            parts.append(sql)
            params.extend(own)
        return f"({', '.join(parts[:-1])}) IN {parts[-1]}", params


def _home() -> Coalesce:
    """A household's number behind its door; people without a 户号 behind one door count as one household."""
    return Coalesce("household_id", 0)


def of_makeup(makeup: str, around: Any, today: date) -> Q:
    """Who belongs to a household of this make-up: all households among the people `around`, grouped at one go.

    The way to count them and to list few. To list the first of many, `beside` stops when it has enough.
    """
    child, adult, old = (years_before(today, years) for years in (CHILD, ADULT, GRANDPARENT))
    if makeup == "dormitory":
        crowds = around.order_by().values("dwelling").annotate(people=Count("pk")).filter(people__gte=MANY)
        return Q(dwelling__in=crowds.values("dwelling"))
    between = Count("pk", filter=Q(birth_on__lte=child, birth_on__gt=old))
    homes = around.order_by().annotate(home=_home()).values("dwelling_id", "home")
    if makeup == "child":
        return Q(RowIn(F("dwelling_id"), _home(), Subquery(homes.filter(birth_on__gt=child))))
    condition = {
        "grandparents": Q(youngest__gt=child, oldest__lte=old, between=0),
        "minors": Q(oldest__gt=adult),
        "single": Q(people=1),
    }[makeup]
    looked_at = {
        "youngest": Max("birth_on"),
        "oldest": Min("birth_on"),
        "people": Count("pk"),
        "between": between,
    }
    fitting = homes.annotate(**looked_at).filter(condition).values("dwelling_id", "home")
    return Q(RowIn(F("dwelling_id"), _home(), Subquery(fitting)))


def beside(makeup: str, today: date) -> Q:
    """The same, asked of one person after another by those who live beside him or her."""
    behind = Presence.objects.filter(dwelling=OuterRef("dwelling_id"))
    if makeup == "dormitory":
        # The tenth person behind the door, in any order, tells that there are so many.
        return Q(Exists(behind.order_by("pk").values("pk")[MANY - 1 : MANY]))
    home = behind.alias(_home=_home()).filter(_home=Coalesce(OuterRef("household_id"), 0))
    child, adult, old = (years_before(today, years) for years in (CHILD, ADULT, GRANDPARENT))
    children = Q(Exists(home.filter(birth_on__gt=child)))
    between = Q(Exists(home.filter(birth_on__lte=child, birth_on__gt=old)))
    return {
        "child": children,
        "grandparents": children & ~between & Q(Exists(home.filter(birth_on__lte=old))),
        "minors": ~Q(Exists(home.filter(birth_on__lte=adult))),
        "single": ~Q(Exists(home.exclude(pk=OuterRef("pk")))),
    }[makeup]


class PeopleFilter(django_filters.FilterSet):
    """Filters over `Presence`, by the names that addresses use."""

    division = Choice(
        label="地区", method="by_division", empty_label="全部", message="没有这个地区，请重新选择。"
    )
    age_min = WholeNumber(label="年龄（岁）从", method="by_age_min", least=0, most=OLDEST)
    age_max = WholeNumber(label="年龄（岁）到", method="by_age_max", least=0, most=OLDEST)
    makeup = Choice(label="家庭构成", method="by_makeup", choices=MAKEUPS)
    moved_days = WholeNumber(label="入住在（天）内", method="by_moved", least=1, most=LONGEST_DAYS)
    stayed_days = WholeNumber(label="住满（天）", method="by_stayed", least=1, most=LONGEST_DAYS)
    living = Choice(label="居住", method="by_living", choices=LIVING)

    class Meta:
        form = PeopleForm

    def __init__(self, data: QueryDict, queryset: Any, *, around: Any, places: Places, doors: bool) -> None:
        """`around`: everybody at the doors that are meant, of whom `queryset` may be some.

        `doors`: the list is of doors, so that one can ask for those where nobody lives.
        """
        super().__init__(data, queryset)
        self.today = timezone.localdate()
        self.around = around
        self.places = places
        if not doors:
            del self.filters["living"]
        options = places.choices if places.is_known else [o for o in places.choices if o[0] != places.wanted]
        self.filters["division"].extra["choices"] = options
        if len(places.roots) == 1:
            self.filters["division"].extra["empty_label"] = f"{places.label(places.roots[0])}（全部）"

    def given(self) -> dict[str, Any]:
        """The conditions in force."""
        return {name: v for name, v in self.form.cleaned_data.items() if v not in (None, "")}

    def listed(self, *, walking: bool = False) -> Any:
        """The people who meet the conditions. `walking`: the first of many are wanted, not all."""
        queryset, given = self.queryset, self.given()
        makeup = given.pop("makeup", "")
        for name, value in given.items():
            queryset = self.filters[name].filter(queryset, value)
        if not makeup:
            return queryset
        if walking:
            return queryset.filter(beside(makeup, self.today))
        return queryset.filter(of_makeup(makeup, self._at_the_place(given), self.today))

    def _at_the_place(self, given: dict[str, Any]) -> Any:
        return self.by_division(self.around, "", given["division"]) if "division" in given else self.around

    def by_division(self, queryset: Any, name: str, code: str) -> Any:
        return queryset.filter(within("grid_id", [code]))

    def by_age_min(self, queryset: Any, name: str, years: int) -> Any:
        return queryset.filter(birth_on__lte=years_before(self.today, years))

    def by_age_max(self, queryset: Any, name: str, years: int) -> Any:
        return queryset.filter(birth_on__gt=years_before(self.today, years + 1))

    def by_makeup(self, queryset: Any, name: str, makeup: str) -> Any:
        return queryset.filter(beside(makeup, self.today))

    def by_moved(self, queryset: Any, name: str, days: int) -> Any:
        return queryset.filter(since_on__gte=self.today - timedelta(days=days))

    def by_stayed(self, queryset: Any, name: str, days: int) -> Any:
        return queryset.filter(since_on__lte=self.today - timedelta(days=days))

    def by_living(self, queryset: Any, name: str, value: str) -> Any:
        return queryset  # about doors: the list of doors asks it


NAMES = tuple(PeopleFilter.base_filters)
ADDRESS = (*NAMES, "s")


def narrowed(params: QueryDict, **changes: Any) -> str:
    """The query of the same list with some conditions changed (None: dropped), from its first page; "?" for none."""
    query = QueryDict(mutable=True)
    for name in ADDRESS:
        value = changes[name] if name in changes else params.get(name)
        if value not in (None, ""):
            query[name] = str(value)
    return f"?{query.urlencode()}"


def only_known(params: QueryDict) -> QueryDict:
    """A copy of posted parameters that holds conditions alone: no word, no number, no token."""
    known = QueryDict(mutable=True)
    for name in ADDRESS:
        if name in params:
            known.setlist(name, params.getlist(name))
    return known
