"""Forms of a handover 交接: returned with a reason, answered from outside the city."""

import uuid
from typing import Any

from django import forms

from ..models import Handover


class ReturnForm(forms.Form):
    """Why the receiving side gives it back. 其他 says nothing by itself, so it wants a word."""

    reason = forms.ChoiceField(
        label="退回原因",
        choices=Handover.ReturnReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择退回原因。", "invalid_choice": "没有这个原因，请重新选择。"},
    )
    note = forms.CharField(
        label="说明",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="对方看得到，便于查清去向。原因选“其他”时必填。",
        error_messages={"max_length": "说明最多 500 字。"},
    )
    submission_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("reason") == Handover.ReturnReason.OTHER and not data.get("note"):
            self.add_error("note", "请写明退回的原因。")
        return data


class AnswerForm(forms.Form):
    """What the destination outside the city answered."""

    note = forms.CharField(
        label="对方答复",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="谁、何时、怎样答复的：如“11-26 电话，团委李老师已收函，由当地社区接续关爱”。",
        error_messages={"required": "请写明外地的答复。", "max_length": "答复最多 500 字。"},
    )
    submission_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)
