"""Forms on grants 临时授权: ask for one, look in an emergency, decide, review.

Whoever asks cannot see the person, so these forms look nobody up: what they refuse follows from what was typed alone.
"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from grids.models import Division

from ..models import Grant, Youth
from ..sought import Sought
from .fields import PersonNameField, SubmissionForm, TextField, read_id_number

CITY = "3402"
DAYS = (1, 3, 7, 14, 30)
_ELSEWHERE = {"invalid_choice": "请在列表中重新选择。"}
_PRIVATE: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false"}


def _divisions(*, city: str = "") -> list[Any]:
    """Districts with their streets, as groups; before them the whole city under the words of `city`."""
    levels = (Division.Level.DISTRICT, Division.Level.STREET)
    rows = list(Division.objects.filter(level__in=levels, valid_to=None))
    groups: list[Any] = [("", "请选择")]
    if city:
        groups.append((CITY, city))
    for district in rows:
        if district.level == Division.Level.DISTRICT:
            streets = [(row.code, f"　{row}") for row in rows if row.parent_id == district.code]
            groups.append((str(district), [(district.code, f"{district}（不清楚街道）"), *streets]))
    return groups


def _reason(words: str) -> TextField:
    return TextField(
        label="为什么需要",
        max_length=500,
        help_text=words,
        error_messages={"required": "请写明为什么需要，审批人据此决定。"},
    )


def _days_field() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label="需要多久",
        coerce=int,
        choices=[(days, f"{days} 天") for days in DAYS if days <= settings.GRANT_MOST_DAYS],
        initial=settings.GRANT_DAYS,
        error_messages={"required": "请选择天数。", **_ELSEWHERE},
    )


class _Sought(forms.Form):
    """An ID number, or a whole name in a division."""

    id_number = TextField(
        label="证件号码",
        max_length=40,
        rows=1,
        required=False,
        widget=forms.TextInput(attrs=_PRIVATE),
        help_text="知道号码就只填号码。",
    )
    name = PersonNameField(label="姓名", required=False, help_text="不知道号码时填全名。")

    def clean_id_number(self) -> str:
        text = self.cleaned_data["id_number"].strip()
        return read_id_number(text).number if text else ""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not {"id_number", "name"} & set(self.errors):
            if not given.get("id_number") and not given.get("name"):
                self.add_error("id_number", "请填写证件号码，或者姓名。")
            elif given.get("name") and not given.get("id_number") and "division" in self.fields:
                self._want_division(given)
        return given

    def _want_division(self, given: dict[str, Any]) -> None:
        if not given.get("division") and "division" not in self.errors:
            self.add_error("division", "按姓名查找，请选择住在哪里。")

    @property
    def sought(self) -> Sought:
        given = self.cleaned_data
        if given["id_number"]:
            return Sought(id_number=given["id_number"])
        return Sought(name=given["name"], code=given.get("division") or CITY)


class FileGrantForm(SubmissionForm, _Sought):
    """Ask to see one file outside one's scope."""

    division = forms.ChoiceField(
        label="住在哪里",
        help_text="申请交给这里的区县团委审批；选全市的，由市团委审批。",
        error_messages={"required": "请选择住在哪里。", **_ELSEWHERE},
    )
    reason = _reason("例如：原网格的孩子转学到这里，家长托我们转交材料，要看联系方式。审批人会看到。")
    field_order = ("id_number", "name", "division", "reason", "days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"] = _days_field()
        self.fields["division"].choices = _divisions(city="全市（不清楚在哪个区县）")  # type: ignore[attr-defined]


class AreaGrantForm(SubmissionForm):
    """Ask to see files of an area, for a stated task."""

    division = forms.ChoiceField(
        label="区县或街道（乡镇）", error_messages={"required": "请选择区域。", **_ELSEWHERE}
    )
    community = TextField(
        label="社区（村）",
        max_length=50,
        rows=1,
        required=False,
        help_text="只需要一个社区（村）时写它的名称，例如：华强社区。范围越小越容易获批。",
    )
    reason = _reason("写明任务，例如：汛期转移，核对这个村儿童的监护人联系方式。审批人会看到。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"] = _days_field()
        self.fields["division"].choices = _divisions()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        name, within = given.get("community", "").strip(), given.get("division", "")
        given["code"] = within
        if name and within:
            named = Division.objects.filter(
                level=Division.Level.COMMUNITY, valid_to=None, name__startswith=name
            )
            found = [row.code for row in named if row.code.startswith(within)]
            if len(found) == 1:
                given["code"] = found[0]
            else:
                self.add_error("community", "这里没有唯一叫这个名字的社区（村），请核对名称或空着。")
        return given


class ReasonGrantForm(SubmissionForm):
    """Ask to know the private category of a file that one can read."""

    reason = _reason("例如：学校要开家长会，需要知道怎样联系监护人更合适。审批人会看到。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"] = _days_field()


class EmergencyForm(SubmissionForm, _Sought):
    """紧急查阅 of a file: two minutes count, so it is the number or the name with where."""

    division = forms.ChoiceField(
        label="住在哪里", required=False, error_messages=_ELSEWHERE, help_text="按姓名查找时必选。"
    )
    reason = TextField(
        label="什么紧急情况",
        max_length=500,
        help_text="例如：孩子在路口受伤，要马上联系监护人。事后有人复核。",
        error_messages={"required": "请写明什么紧急情况。"},
    )
    field_order = ("id_number", "name", "division", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["division"].choices = _divisions(city="全市（不清楚在哪个区县）")  # type: ignore[attr-defined]


class EmergencyReasonForm(SubmissionForm):
    """紧急查阅 of the reason of a file that one can read."""

    reason = TextField(
        label="什么紧急情况",
        max_length=500,
        help_text="例如：孩子独自在家联系不上大人，要知道能找谁。事后有人复核。",
        error_messages={"required": "请写明什么紧急情况。"},
    )


class ApproveForm(SubmissionForm):
    """Give it: to whom the words mean, among the files that the manager sees, and for how long."""

    youth = forms.ChoiceField(
        label="是哪一位",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择是哪一位。", "invalid_choice": "请在找到的人中选择。"},
    )
    note = TextField(label="审批意见", max_length=200, rows=2, required=False, help_text="申请人会看到。")
    field_order = ("youth", "days", "note")

    def __init__(self, *args: Any, grant: Grant, found: Iterable[Youth], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"] = _days_field()
        self.initial["days"] = grant.days
        self.order_fields(self.field_order)
        self.found = {str(youth.pk): youth for youth in found}
        if grant.what != Grant.What.FILE:
            del self.fields["youth"]
            return
        chosen = [(key, words_of(youth)) for key, youth in self.found.items()]
        self.fields["youth"].choices = chosen  # type: ignore[attr-defined]
        if len(chosen) == 1:
            self.initial["youth"] = chosen[0][0]

    def clean_youth(self) -> Youth:
        return self.found[self.cleaned_data["youth"]]


def words_of(youth: Youth) -> str:
    """Enough to tell one from another of the same name."""
    number = youth.resident.masked_id_number
    return f"{youth.name}，{youth.get_sex_display()}，{youth.birth_on} 出生，{youth.grid.community}，{number}"


class DeclineGrantForm(SubmissionForm):
    note = TextField(
        label="不批准的理由",
        max_length=200,
        rows=2,
        help_text="申请人会看到。不要写有没有这个人、属于什么类别。",
        error_messages={"required": "请写明不批准的理由。"},
    )


class ReviewGrantForm(SubmissionForm):
    finding = forms.ChoiceField(
        label="复核结论",
        choices=[
            (Grant.Finding.PROPER, "确有必要"),
            (Grant.Finding.IMPROPER, "不应查阅（另行按规定处理）"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择复核结论。", **_ELSEWHERE},
    )
    note = TextField(
        label="复核意见",
        max_length=200,
        rows=2,
        help_text="写明问过谁、核实了什么。",
        error_messages={"required": "请写明复核意见。"},
    )


class FindFileForm(_Sought):
    """Over an area: name one person exactly."""

    def __init__(self, *args: Any, code: str, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.code = code

    @property
    def sought(self) -> Sought:
        given = self.cleaned_data
        if given["id_number"]:
            return Sought(id_number=given["id_number"])
        return Sought(name=given["name"], code=self.code)

    def nobody(self) -> None:
        """One answer, whether there is nobody, somebody elsewhere, or more than one."""
        self.add_error(
            None, ValidationError("在授权的区域里没有找到唯一对应的档案。请核对，或改用证件号码。")
        )
