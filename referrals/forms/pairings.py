"""Forms of pairings 结对帮扶: pair, log a contact, plan anew, end with an outcome."""

from typing import Any

from django import forms
from django.utils import timezone

from registry.forms.fields import DayField, PersonNameField, SubmissionForm, TextField
from registry.models import Youth

from ..codes import Outcome
from ..models import Agency, Pairing, PairingContact
from ..pairings import TOLD, Mentor
from .cases import NO_CATEGORY

_PLEASE = {"required": "请选择。", "invalid_choice": "请从列表里选择。"}
_PLAN = {"required": "请写明怎么帮。"}
_PHONE = {"required": "请填写结对人的电话。"}


def _rhythm(initial: int) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label="多久联系一次", choices=Pairing.Rhythm.choices, coerce=int, widget=forms.RadioSelect, initial=initial,
        help_text="最长一个月；电话联系也算。到期没有记录，会提醒责任网格员。", error_messages=_PLEASE,
    )  # fmt: skip


class PairForm(SubmissionForm):
    kind = forms.ChoiceField(
        label="谁来结对", choices=Pairing.Kind.choices, widget=forms.RadioSelect, error_messages=_PLEASE
    )
    agency = forms.ModelChoiceField(
        label="协作单位", queryset=Agency.objects.none(), required=False, empty_label="不是协作单位",
        error_messages=_PLEASE,
    )  # fmt: skip
    unit = TextField(
        label="单位", max_length=60, rows=1, required=False, help_text="选了协作单位的，不用再写。"
    )
    name = PersonNameField(
        label="结对人姓名", help_text="固定的一个人。", error_messages={"required": "请填写结对人姓名。"}
    )
    phone = TextField(label="结对人电话", max_length=30, rows=1, error_messages=_PHONE)
    plan = TextField(
        label="帮扶计划", max_length=1000, rows=3, error_messages=_PLAN,
        help_text=f"例如：每月通一次电话，开学前看望一次。{NO_CATEGORY}",
    )  # fmt: skip
    every_days = _rhythm(Pairing.Rhythm.MONTH)
    starts_on = DayField(label="从哪天开始", initial=timezone.localdate)
    told = forms.MultipleChoiceField(
        label="告诉了结对人什么", choices=[(field.value, field.label) for field in TOLD], required=False,
        widget=forms.CheckboxSelectMultiple, error_messages=_PLEASE,
        help_text="勾了的记入提供记录。联系方式是监护人的。类别、原因、家里谁不在，一律不能说。",
    )  # fmt: skip

    def __init__(self, *args: Any, youth: Youth, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chooser: Any = self.fields["agency"]
        chooser.queryset = Agency.objects.working().serving(youth.grid_id).order_by("-area_id", "name")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        agency = given.get("agency")
        if given.get("kind") == Pairing.Kind.UNIT and not agency and not given.get("unit"):
            self.add_error("unit", "单位结对的，选一个协作单位，或写明单位。")
        return given

    def arguments(self) -> dict[str, Any]:
        """What the verb is asked with."""
        given = self.cleaned_data
        agency = given["agency"]
        mentor = Mentor(
            kind=Pairing.Kind.UNIT if agency else given["kind"], name=given["name"], phone=given["phone"],
            unit=agency.name if agency else given["unit"], agency=agency,
        )  # fmt: skip
        names = ("plan", "every_days", "starts_on", "told", "submission_key")
        return {"mentor": mentor, **{name: given[name] for name in names}}


class ContactForm(SubmissionForm):
    on = DayField(label="哪天联系的", initial=timezone.localdate)
    how = forms.ChoiceField(
        label="怎么联系的", choices=PairingContact.How.choices, widget=forms.RadioSelect, initial="phone",
        error_messages=_PLEASE,
    )  # fmt: skip
    text = TextField(
        label="情况怎么样", max_length=1000, rows=3, help_text=NO_CATEGORY,
        error_messages={"required": "请写几句情况。"},
    )  # fmt: skip


class PairingPlanForm(SubmissionForm):
    plan = TextField(label="帮扶计划", max_length=1000, rows=4, help_text=NO_CATEGORY, error_messages=_PLAN)
    every_days = _rhythm(Pairing.Rhythm.MONTH)
    phone = TextField(label="结对人电话", max_length=30, rows=1, error_messages=_PHONE)


class EndPairingForm(SubmissionForm):
    because = forms.ChoiceField(
        label="为什么结束",
        choices=Pairing.Because.choices,
        widget=forms.RadioSelect,
        error_messages=_PLEASE,
    )
    outcome = forms.ChoiceField(
        label="帮得怎么样", choices=Outcome.choices, widget=forms.RadioSelect, error_messages=_PLEASE
    )
    result = TextField(
        label="结果", max_length=1000, rows=3, help_text=NO_CATEGORY,
        error_messages={"required": "请写明结果。"},
    )  # fmt: skip
    ends_on = DayField(label="哪天结束", initial=timezone.localdate)
