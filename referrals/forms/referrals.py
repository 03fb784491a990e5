"""Forms of referrals 转介: what is asked of whom, on what basis, with which fields; what is reported back."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from registry.forms.fields import DayField, SubmissionForm, TextField
from registry.models import Duty

from ..codes import ASKS, HelpKind, Outcome, ReferralField
from ..models import Agency, Case
from .cases import NO_CATEGORY

_PLEASE = {"required": "请选择。", "invalid_choice": "请从列表里选择。"}
_USUAL_DAYS = timedelta(days=30)
# What a referral can rest on beside consent: duties to give, not to be asked by others.
_DUTIES = [each for each in Duty.choices if each[0] in (Duty.REPORT, Duty.RELIEF, Duty.EMERGENCY, Duty.OTHER)]


class ReferralForm(SubmissionForm):
    """For one kind of help: the agencies that give it here, and the least it needs as the default."""

    agency = forms.ModelChoiceField(
        label="请哪个单位", queryset=Agency.objects.none(), empty_label="请选择", error_messages=_PLEASE
    )
    asked = TextField(
        label="请办什么", max_length=1000, rows=3,
        help_text=f"写清要办的事。{NO_CATEGORY}也不要写请了别的哪些单位。",
        error_messages={"required": "请写明要办什么。"},
    )  # fmt: skip
    fields_given = forms.MultipleChoiceField(
        label="提供哪些信息", choices=ReferralField.choices, widget=forms.CheckboxSelectMultiple,
        help_text="已按这一项最少需要的勾好。只加确实用得上的。",
        error_messages={"required": "请至少选一项。", "invalid_choice": "请只选列表中的项目。"},
    )  # fmt: skip
    duty = forms.ChoiceField(label="依据", choices=[], required=False, error_messages=_PLEASE)
    clause = TextField(
        label="条款", max_length=100, rows=1, required=False, help_text="依据法定职责的，写明条款。"
    )
    due_on = DayField(label="请在哪天前反馈结果")

    def __init__(self, *args: Any, case: Case, help_kind: str, has_consent: bool, **kwargs: Any) -> None:
        asks = ASKS[help_kind]
        by_duty = bool(asks.duty) and not has_consent
        kwargs["initial"] = {
            "fields_given": list(asks.fields), "duty": asks.duty if by_duty else "", "clause": asks.clause,
            "due_on": timezone.localdate() + _USUAL_DAYS,
        }  # fmt: skip
        super().__init__(*args, **kwargs)
        agencies = Agency.objects.working().serving(case.youth.grid_id).filter(helps__contains=[help_kind])
        chooser: Any = self.fields["agency"]
        chooser.queryset = agencies.order_by("-area_id", "name")
        consent = "同意（档案里登记的“向协作单位提供信息”）"
        duty: Any = self.fields["duty"]
        duty.choices = [("", consent if has_consent else f"{consent}——现在没有有效的同意"), *_DUTIES]


def help_choices(case: Case) -> list[tuple[str, str, bool]]:
    """(code, label, whether it answers a need of the case) of the kinds of help that somebody gives here."""
    here = Agency.objects.working().serving(case.youth.grid_id)
    given = {code for helps in here.values_list("helps", flat=True) for code in helps}
    needs = set(case.needs.values_list("need__kind", flat=True))
    found = [
        (code, str(label), ASKS[code].need in needs) for code, label in HelpKind.choices if code in given
    ]
    return sorted(found, key=lambda each: not each[2])


class ReportBackForm(SubmissionForm):
    outcome = forms.ChoiceField(
        label="结果", choices=Outcome.choices, widget=forms.RadioSelect,
        error_messages={"required": "请选择结果。", "invalid_choice": "请从列表里选择。"},
    )  # fmt: skip
    result = TextField(
        label="办了什么、结果怎样", max_length=2000, rows=4, error_messages={"required": "请写明结果。"}
    )
