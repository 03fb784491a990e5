"""The form of a visit 走访: when, how, who was met, what was found, confirmed, corrected and needed."""

from typing import Any

from django import forms
from django.utils import timezone

from ..codes import NeedKind, PersonMet, VisitMethod
from ..models import Visit
from .fields import DayField, SubmissionForm, TextField
from .youths import EVERYONE_READS


def _ticks(label: str, choices: list[tuple[str, str]], **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "请只选列表中的项目。"},
        **options,
    )


class VisitForm(SubmissionForm):
    visited_on = DayField(label="哪天走访", initial=timezone.localdate)
    method = forms.ChoiceField(
        label="怎么走访",
        choices=VisitMethod.choices,
        widget=forms.RadioSelect,
        initial=VisitMethod.HOME,
        error_messages={"required": "请选择走访方式。"},
    )
    met = forms.ChoiceField(
        label="见到了谁",
        choices=PersonMet.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择见到了谁；没见到人就选“未见到人”。"},
    )
    found = TextField(
        label="看到、问到了什么",
        max_length=2000,
        rows=4,
        help_text=EVERYONE_READS,
        error_messages={"required": "请写几句看到、问到的情况。"},
    )
    confirmed = _ticks("哪些和档案一致", Visit.Confirmable.choices, help_text="勾了住址，就算今天核实过。")
    corrected = TextField(
        label="哪些和档案不一致",
        max_length=500,
        rows=2,
        required=False,
        help_text="姓名、电话、就学等，保存后可在“更正”里改。",
    )
    needs = _ticks("发现的需求", NeedKind.choices)
    resolved = _ticks("已经解决的需求", NeedKind.choices)
    outcome = TextField(label="怎么解决的", max_length=200, rows=1, required=False)
    next_due_on = DayField(label="下次走访", required=False)

    def __init__(self, *args: Any, open_needs: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Only what is shown depends on the needs that run: a form sent twice must be as valid the second time.
        running = [choice for choice in NeedKind.choices if choice[0] in open_needs]
        self.fields["needs"].widget.choices = [c for c in NeedKind.choices if c not in running]
        self.fields["resolved"].widget.choices = running
        self.asks_for_outcome = bool(running)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("resolved") and not given.get("outcome"):
            self.add_error("outcome", "请写明需求是怎么解决的。")
        if given.get("met") == PersonMet.NOBODY and given.get("confirmed"):
            self.add_error("confirmed", "没有见到人，就不能算核对过。")
        return given
