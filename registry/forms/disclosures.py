"""Forms of disclosure 提供记录: what was given by hand, and what the list is searched by."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from ..models import DisclosedField, Disclosure, Duty
from .fields import DayField, PeriodForm, SubmissionForm, TextField
from .youths import EVERYONE_READS

_NO_SUCH = {"required": "请选择。", "invalid_choice": "请从列表里选择。"}
_USUAL_DAYS = timedelta(days=90)
_CONSENT = "consent"


def _in_ninety_days() -> Any:
    return timezone.localdate() + _USUAL_DAYS


class DisclosureForm(SubmissionForm):
    given_on = DayField(label="哪天提供的", initial=timezone.localdate)
    receiver = TextField(
        label="提供给谁", max_length=100, rows=1, help_text="写单位全称，例如：芜湖市法律援助中心。",
        error_messages={"required": "请填写接收单位。"},
    )  # fmt: skip
    receiver_kind = forms.ChoiceField(
        label="单位性质", choices=[("", "请选择"), *Disclosure.ReceiverKind.choices], error_messages=_NO_SUCH
    )
    agreement_number = TextField(
        label="协议编号",
        max_length=50,
        rows=1,
        required=False,
        help_text="有提供协议、公函或受理编号的，填写编号。",
    )
    fields_given = forms.MultipleChoiceField(
        label="提供了什么", choices=DisclosedField.choices, widget=forms.CheckboxSelectMultiple,
        help_text="只提供办这件事必需的。给学校、用人单位的不得写类别。",
        error_messages={"required": "请勾选提供了什么。", "invalid_choice": "请只选列表中的项目。"},
    )  # fmt: skip
    why = TextField(
        label="用来做什么", max_length=300, rows=2, help_text=f"例如：办理交通事故赔偿的法律援助。{EVERYONE_READS}",
        error_messages={"required": "请写明用途。"},
    )  # fmt: skip
    means = forms.ChoiceField(
        label="怎样提供的",
        # What goes through the platform is recorded by itself.
        choices=[each for each in Disclosure.Means.choices if each[0] != Disclosure.Means.PLATFORM],
        widget=forms.RadioSelect,
        error_messages=_NO_SUCH,
    )
    duty = forms.ChoiceField(
        label="依据",
        choices=[("", "请选择"), (_CONSENT, "同意（档案里登记的“向协作单位提供信息”）"), *Duty.choices],
        error_messages={**_NO_SUCH, "required": "请选择依据。"},
    )
    clause = TextField(
        label="条款或文书",
        max_length=100,
        rows=1,
        required=False,
        help_text="依法调取和其他法定职责必填，例如：某院调证字〔2026〕12号。",
    )
    until = DayField(label="对方用到哪天", initial=_in_ninety_days, help_text="到期后请对方删除或退回。")

    def clean_duty(self) -> str:
        """The duty; "" for consent, as the verb takes it."""
        duty: str = self.cleaned_data["duty"]
        return "" if duty == _CONSENT else duty

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("duty") in (Duty.OTHER, Duty.INQUIRY) and not given.get("clause"):
            self.add_error("clause", "请写明条款或文书名称和编号。")
        kinds = (Disclosure.ReceiverKind.SCHOOL, Disclosure.ReceiverKind.EMPLOYER)
        told = given.get("fields_given") or []
        if given.get("receiver_kind") in kinds and DisclosedField.CATEGORY in told:
            self.add_error("fields_given", "给学校和用人单位的材料不得写明类别。")
        return given


class DisclosureFilter(PeriodForm):
    """By receiver and by period."""

    field_order = ["receiver", "since", "until"]

    receiver = forms.CharField(label="接收单位", max_length=50, required=False)

    def listed(self, disclosures: Any) -> Any:
        given = self.cleaned_data
        if receiver := given["receiver"].strip():
            disclosures = disclosures.filter(receiver__contains=receiver)
        if given["since"]:
            disclosures = disclosures.filter(given_on__gte=given["since"])
        return disclosures.filter(given_on__lte=given["until"]) if given["until"] else disclosures
