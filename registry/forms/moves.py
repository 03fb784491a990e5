"""The form that reports a move 迁移: to a door of the city, found step by step, or out of it.

Every step posts the whole form, so that no address stands in a URL and nothing typed is lost. Without JavaScript the
button 查找 does what a changed choice does with it.
"""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from grids.models import County, Division
from grids.scope import prefix_range

from ..models import Dwelling, Residence, Youth
from .fields import DayField, SubmissionForm, TextField

HERE = "3402"
MOST_DOORS = 30
_BECAUSE = "a dwelling is a place, not a person: any door of the city may be moved to"

_CITY_FIELDS = ("house_code", "street", "community", "words", "door")
_AWAY_FIELDS = ("province", "city", "county")

# A changed choice posts the whole form and shows what follows from it.
_OPENS_THE_NEXT = {"where", "street", "province", "city"}
_ASK_AGAIN = {
    "hx-post": ".",
    "hx-trigger": "change",
    "hx-target": "#move-form",
    "hx-select": "#move-form",
    "hx-swap": "outerHTML",
}

Choices = list[tuple[str, str]]


_CHOOSE_AGAIN = {"invalid_choice": "请在列表中重新选择。"}


def _choice(label: str, **options: Any) -> forms.ChoiceField:
    """One of a list that depends on what was chosen before."""
    options = {"required": False, "error_messages": _CHOOSE_AGAIN, **options}
    return forms.ChoiceField(label=label, **options)


class MoveForm(SubmissionForm):
    where = forms.ChoiceField(
        label="搬到哪里",
        initial="city",
        choices=[("city", "芜湖市内"), ("away", "离开芜湖")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择搬到市内还是外地。"},
    )
    moved_on = DayField(label="哪天搬的")
    street = _choice("街道（乡镇）", error_messages={"required": "请选择街道（乡镇）。", **_CHOOSE_AGAIN})
    community = _choice("社区（村）", help_text="不清楚就空着，在整个街道里找。")
    words = forms.CharField(
        label="小区、楼栋、室",
        max_length=50,
        help_text="用空格分开，例如：翠竹园 3栋 501。写好按“查找”。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "请写小区、楼栋或室号，再按“查找”。"},
    )
    house_code = forms.CharField(
        label="房屋编号", required=False, max_length=50, help_text="门牌上的编号。填了编号，上面就不用选。"
    )
    door = _choice(
        "新住址", widget=forms.RadioSelect, error_messages={"required": "请选择新住址。", **_CHOOSE_AGAIN}
    )
    province = _choice("省", help_text="不知道去了哪里就空着，在说明里写线索。")
    city = _choice("市")
    county = _choice("县（区）")
    note = TextField(label="说明", max_length=200, rows=2, required=False, help_text="怎么知道的，谁说的。")

    def __init__(self, *args: Any, youth: Youth, home: Residence | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.home = home
        self.fields["moved_on"].initial = timezone.localdate()
        where = home.dwelling.grid_id if home else youth.grid_id
        if not self.is_bound and "street" not in self.initial:
            self.initial["street"] = where[:9]
        self.is_away = self._typed("where") == "away"
        self.doors = [] if self.is_away else self._doors()
        self.searched = bool(self._typed("words") or self._typed("house_code"))
        self.has_more_doors = len(self.doors) > MOST_DOORS
        self.doors = self.doors[:MOST_DOORS]
        if self.is_away:
            self._fill_away()
        else:
            self._fill_city()
        for field in _CITY_FIELDS if self.is_away else _AWAY_FIELDS:
            del self.fields[field]
        for field in _OPENS_THE_NEXT & set(self.fields):
            self.fields[field].widget.attrs |= _ASK_AGAIN

    def _typed(self, field: str) -> str:
        """What stands in a field now, before any check; characters no keyboard gives are dropped."""
        value = self.data.get(field, "") if self.is_bound else self.initial.get(field, "")
        return "".join(character for character in str(value or "") if character.isprintable()).strip()[:50]

    def _choose(self, field: str, choices: Choices, *, empty: str = "请选择") -> None:
        self.fields[field].choices = [("", empty), *choices]  # type: ignore[attr-defined]

    def _fill_city(self) -> None:
        self._choose("street", _streets())
        street = self._typed("street")
        communities = _children_of(street) if street else []
        self._choose("community", communities, empty="整个街道" if street else "先选街道")
        by_words = not self._typed("house_code")
        self.fields["door"].required = by_words and bool(self.doors)
        if len(self.doors) == 1 and not self.is_bound:
            self.initial["door"] = self.doors[0].code
        self.fields["street"].required = self.fields["words"].required = by_words
        self.fields["door"].choices = [(home.code, str(home)) for home in self.doors]  # type: ignore[attr-defined]

    def _fill_away(self) -> None:
        self._choose("province", _counties(level="province"))
        province = self._typed("province")
        cities = _counties(level="city", parent=province) if province else []
        self._choose("city", cities, empty="请选择" if province else "先选省")
        city = self._typed("city")
        counties = _counties(level="district", parent=city) if city else []
        self._choose("county", counties, empty="请选择" if city else "先选市")

    def _doors(self) -> list[Dwelling]:
        """The dwellings that the form names so far, one more than are shown; [] while it names too little."""
        anywhere = Dwelling.objects.everyone(because=_BECAUSE)
        if code := self._typed("house_code"):
            return list(anywhere.filter(code=code))
        street, community = self._typed("street"), self._typed("community")
        # After another street was chosen the community of the one before still stands in the form.
        place = community if community.startswith(street) and community else street
        words = self._typed("words").split()
        if not words or not (place.isascii() and place.isdigit()):
            return []
        low, high = prefix_range(place)
        found = anywhere.filter(grid_id__gte=low, grid_id__lt=high)
        for word in words:
            parts = ("estate", "building", "unit", "room", "address")
            found = found.filter(_any_contains(parts, word))
        return list(found.order_by("estate", "building", "unit", "room", "id")[: MOST_DOORS + 1])

    def clean_moved_on(self) -> date:
        day: date = self.cleaned_data["moved_on"]
        if day > timezone.localdate():
            raise ValidationError("搬家日期不能晚于今天。")
        if self.home and day <= self.home.starts_on:
            raise ValidationError(f"现住址从 {self.home.starts_on} 起登记，搬家日期要在那以后。")
        return day

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("where") == "city":
            self._clean_door(given)
        elif given.get("where") == "away":
            self._clean_destination(given)
        return given

    def _clean_destination(self, given: dict[str, Any]) -> None:
        if given.get("province"):
            missing = next((field for field in ("city", "county") if not given.get(field)), None)
            if missing and missing not in self.errors:
                self.add_error(missing, "请选择迁往的市和县（区）。")
        elif not given.get("note") and not {"province", "note"} & set(self.errors):
            self.add_error("note", "不知道去了哪里，请写明知道的线索。")

    def _clean_door(self, given: dict[str, Any]) -> None:
        if given.get("house_code"):
            given["dwelling"] = self.doors[0] if self.doors else None
            field, message = "house_code", "没有这个房屋编号，请核对。"
        else:
            given["dwelling"] = next((home for home in self.doors if home.code == given.get("door")), None)
            field, message = "door", "请选择新住址。"
            if not self.doors:
                field, message = "words", "没有找到这样的房屋：请换个写法，或少写一点再查找。"
        if given["dwelling"] is None and field not in self.errors:
            self.add_error(field, message)


def _any_contains(fields: tuple[str, ...], word: str) -> Q:
    condition = Q()
    for field in fields:
        condition |= Q(**{f"{field}__contains": word})
    return condition


def _streets() -> Choices:
    rows = Division.objects.filter(level=Division.Level.STREET, valid_to=None).select_related("parent")
    return [(row.code, f"{row.parent} {row}") for row in rows]


def _children_of(code: str) -> Choices:
    return [(row.code, str(row)) for row in Division.objects.filter(parent_id=code, valid_to=None)]


def _counties(*, level: str, parent: str = "") -> Choices:
    rows = County.objects.filter(level=level, **({"parent_id": parent} if parent else {})).exclude(code=HERE)
    return [(row.code, str(row)) for row in rows]
