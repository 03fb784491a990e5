"""Forms on the file of a young person: open, correct, grade, close."""

import json
import re
import unicodedata
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission

from ..codes import Grade, Sex
from ..corrections import IN_WORDS, PersonFacts
from ..models import Category, Resident, Youth
from ..models.residents import id_number_index
from ..public_ids import internal_id
from ..reasons import knows_reasons
from .fields import DayField, PersonNameField, SubmissionForm, TextField, read_id_number

EVERYONE_READS = "能看这份档案的人都会看到。"
_NOT_HERE = "在您负责的范围内没有这个人，请核对号码。刚搬来、还没登记的人，先登记居住地再建档。"
_PUBLIC_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PHONE = re.compile(r"\+?[0-9][0-9 -]{4,24}(转[0-9]{1,6})?")
_DIGITS_OF_OLD_NUMBERS = 14
_EARLIEST = date(1900, 1, 1)


class FindResidentForm(SubmissionForm):
    """Finds a resident in scope by ID number or 人员编号: posted, never in an address."""

    not_here = _NOT_HERE
    number = forms.CharField(
        label="证件号码或人员编号",
        max_length=40,
        help_text="没有证件号码的人，填人员编号。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "请填写证件号码或人员编号。", "max_length": "号码太长，请核对。"},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.resident: Resident | None = None
        number = self.data.get("number") if self.is_bound else self.initial.get("number")
        # From the resident's own page: the id in its address stands for a number that nobody need type.
        self.names_resident = bool(_PUBLIC_ID.fullmatch(str(number or "")))
        if self.names_resident:
            self.fields["number"].widget = forms.HiddenInput()

    def clean_number(self) -> str:
        text = unicodedata.normalize("NFKC", self.cleaned_data["number"]).strip()
        if self.names_resident:
            found = self.in_scope(pk=internal_id("resident", UUID(text)) or 0)
        else:
            found = self.in_scope(person_number=text)
            # With fewer digits it is no ID number, so no advice about them.
            if found is None and sum(map(str.isdigit, text)) >= _DIGITS_OF_OLD_NUMBERS:
                found = self.in_scope(id_number_index=id_number_index(read_id_number(text).number))
        if found is None:
            raise ValidationError(self.not_here, code="missing")
        self.take(found)
        return text

    def in_scope(self, **key: Any) -> Resident | None:
        """Whoever has this key and may be found by the user."""
        return Resident.objects.visible_to(self.user, Permission.ENROL).filter(**key).first()

    def take(self, resident: Resident) -> None:
        self.resident = resident


class OpenFileForm(FindResidentForm):
    """Open a file with a category on evidence or, without one, with a reason."""

    category = forms.ModelChoiceField(
        Category.objects.none(),
        label="类别",
        required=False,
        empty_label="不属于五类（写明原因建档）",
        error_messages={"invalid_choice": "请选择列表中的类别。"},
    )
    starts_on = DayField(label="情况从哪天开始", required=False, help_text="例如父母外出、停学的那一天。")
    evidence = TextField(
        label="认定依据", max_length=500, required=False, help_text="写明看到、问到了什么，谁说的。"
    )
    reason = TextField(
        label="建档原因",
        max_length=200,
        rows=2,
        required=False,
        help_text=f"不选类别时必填，例如：孤儿、残疾。{EVERYONE_READS}",
    )
    grade = forms.ChoiceField(
        label="关注等级",
        choices=[(grade.value, f"{grade.label}（每 {grade.visit_days} 天走访）") for grade in Grade],
    )

    def take(self, resident: Resident) -> None:
        super().take(resident)
        home = resident.residences.select_related("dwelling").filter(ends_on=None).first()
        knows = home is not None and knows_reasons(self.user, home.dwelling.grid_id)
        known = Category.objects.all() if knows else Category.objects.filter(is_private=False)
        category = self.fields["category"]
        assert isinstance(category, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        category.queryset = known

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.resident is None:
            return given
        if given.get("category"):
            for field, message in (("starts_on", "请填写开始的日期。"), ("evidence", "请写明认定依据。")):
                if not given.get(field) and field not in self.errors:
                    self.add_error(field, message)
        elif not given.get("reason") and not {"category", "reason"} & set(self.errors):
            self.add_error("reason", "请选择类别，或写明建档原因。")
        return given


class CorrectForm(SubmissionForm):
    """What a worker may correct of the person. `version` is the file as it was when the form was opened."""

    name = PersonNameField(label="姓名")
    sex = forms.ChoiceField(label="性别", choices=Sex.choices, widget=forms.RadioSelect)
    birth_on = DayField(label="出生日期")
    phone = forms.CharField(
        label="联系方式",
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        error_messages={"max_length": "号码太长，请核对。"},
    )
    hukou_is_rural = forms.ChoiceField(
        label="农村户籍",
        choices=[("yes", "是"), ("no", "不是"), ("unknown", "不详")],
        widget=forms.RadioSelect,
    )
    school = forms.ChoiceField(label="就学", choices=list(IN_WORDS["school"].items()))
    school_unit = TextField(label="学校", max_length=100, rows=1, required=False)
    work = forms.ChoiceField(label="就业", choices=list(IN_WORDS["work"].items()))
    work_unit = TextField(label="单位", max_length=100, rows=1, required=False)
    reason = TextField(
        label="怎么知道的",
        max_length=100,
        rows=1,
        help_text=f"例如：看了户口簿、班主任电话确认。{EVERYONE_READS}",
        error_messages={"required": "请写明怎么知道的，别人才能相信这次更正。"},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    # What stood in the fields when the form was opened, to tell what was typed from what was only sent along.
    seen = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)

    def clean_birth_on(self) -> date:
        day: date = self.cleaned_data["birth_on"]
        if day > timezone.localdate():
            raise ValidationError("出生日期不能晚于今天。")
        if day < _EARLIEST:
            raise ValidationError(f"出生日期不能早于 {_EARLIEST.year} 年。")
        return day

    def clean_phone(self) -> str:
        phone = unicodedata.normalize("NFKC", self.cleaned_data["phone"]).strip()
        if phone and not _PHONE.fullmatch(phone):
            raise ValidationError("电话只能是数字，可以有空格、短横和“转分机号”。")
        return phone

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for field in ("school", "work"):
            if given.get(field) == "none":
                given[f"{field}_unit"] = ""
        return given

    def facts(self) -> PersonFacts:
        """The valid form in the shape that the verb takes."""
        given = self.cleaned_data
        return PersonFacts(
            hukou_is_rural={"yes": True, "no": False}.get(given["hukou_is_rural"]),
            **{
                field: given[field]
                for field in (
                    "name",
                    "sex",
                    "birth_on",
                    "phone",
                    "school",
                    "school_unit",
                    "work",
                    "work_unit",
                )
            },
        )

    @classmethod
    def initial_of(cls, youth: Youth, facts: PersonFacts) -> dict[str, Any]:
        rural = {True: "yes", False: "no", None: "unknown"}[facts.hukou_is_rural]
        fields = {**vars(facts), "hukou_is_rural": rural}
        seen = json.dumps({field: str(value) for field, value in fields.items()}, ensure_ascii=False)
        return {**fields, "version": youth.version, "seen": seen}

    def catch_up(self, youth: Youth, facts: PersonFacts) -> set[str]:
        """After somebody else's change: fields left alone take what stands there now, typed ones stay.

        Returns the names of the fields that were left alone.
        """
        try:
            seen = dict(json.loads(self.data.get("seen", "")))
        except (ValueError, TypeError):
            seen = {}
        now = self.initial_of(youth, facts)
        untouched = {field for field in vars(facts) if seen.get(field) == self.data.get(field, "")}
        for field in (*untouched, "version", "seen"):
            self.retype(field, str(now[field]))
        return untouched


class GradeForm(SubmissionForm):
    """The grade, set by a person with a reason; never by a machine."""

    grade = forms.ChoiceField(
        label="关注等级",
        widget=forms.RadioSelect,
        choices=[
            ("A", "A 重点（监护差，每 7 天走访）"),
            ("B", "B 一般（监护一般，每 30 天走访）"),
            ("C", "C 平稳（监护较好，每 90 天走访）"),
        ],
        error_messages={"required": "请选择等级。", "invalid_choice": "请选择 A、B 或 C。"},
    )
    reason = TextField(
        label="定级原因",
        max_length=200,
        help_text=f"按监护评估写：谁在照护、照护得怎样。{EVERYONE_READS}",
        error_messages={"required": "请写明定级原因。"},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)


class CloseForm(SubmissionForm):
    """Close the file: what follows is said on the page, the reason is asked."""

    reason = TextField(
        label="结档原因",
        max_length=200,
        help_text=f"例如：已满 26 周岁；已迁出并得到当地答复。{EVERYONE_READS}",
        error_messages={"required": "请写明结档原因。"},
    )
