"""Forms of consent 同意: which purpose, who agreed to the text shown; and a withdrawal."""

from typing import Any

from django import forms
from django.utils import timezone

from ..codes import Relation
from ..models import Consent, ConsentPurpose, ConsentText
from .fields import DayField, PersonNameField, SubmissionForm, TextField
from .youths import EVERYONE_READS

_NO_SUCH = {"required": "请选择。", "invalid_choice": "请从列表里选择。"}
# Who can be a guardian: parents, grandparents, grown brothers and sisters, other relatives, others.
_GUARDIANS = [
    Relation(code) for code in ("51", "52", "57", "58", "61", "62", "63", "64", "71", "75", "81", "83", "97", "99")
]  # fmt: skip


class PurposeForm(forms.Form):
    """Which of the closed list; in the address, since the text to be read follows from it."""

    purpose = forms.ChoiceField(
        label="同意什么事", choices=ConsentPurpose.choices, widget=forms.RadioSelect, error_messages=_NO_SUCH
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class ConsentForm(SubmissionForm):
    """`version` is the text that was on the page: a newer one published meanwhile is not what was agreed to."""

    version = forms.IntegerField(
        widget=forms.HiddenInput,
        error_messages={"required": "页面已过期，请重新打开。", "invalid": "页面已过期，请重新打开。"},
    )
    giver = forms.ChoiceField(
        label="谁同意的", choices=Consent.Giver.choices, widget=forms.RadioSelect, error_messages=_NO_SUCH
    )
    guardian_name = PersonNameField(label="监护人姓名", required=False)
    relation = forms.ChoiceField(
        label="监护人是本人的", required=False, error_messages=_NO_SUCH,
        choices=[("", "请选择"), *((relation.value, relation.label) for relation in _GUARDIANS)],
    )  # fmt: skip
    means = forms.ChoiceField(
        label="怎样同意的", choices=Consent.Means.choices, widget=forms.RadioSelect, error_messages=_NO_SUCH
    )
    agreed_on = DayField(label="哪天同意的", initial=timezone.localdate)
    last_day = DayField(
        label="有效到哪天", required=False, help_text="空着：到撤回为止；监护人同意的，最晚到满十四周岁。"
    )
    note = TextField(
        label="范围说明", max_length=200, rows=2, required=False,
        help_text=f"例如：只提供给法律援助中心；不同意正面拍照。{EVERYONE_READS}",
    )  # fmt: skip

    def __init__(self, *args: Any, text: ConsentText, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("version", text.version)
        self.text = text

    def clean_version(self) -> int:
        version: int = self.cleaned_data["version"]
        if version != self.text.version:
            # What was sent is shown again under the text of today, which has to be read first.
            self.retype("version", str(self.text.version))
            raise forms.ValidationError("同意书文本刚换了新版，请按新文本重新征求同意。")
        return version

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("giver") == Consent.Giver.GUARDIAN:
            if not given.get("guardian_name") and "guardian_name" not in self.errors:
                self.add_error("guardian_name", "监护人同意的，请填写监护人姓名。")
            if not given.get("relation") and "relation" not in self.errors:
                self.add_error("relation", "请选择监护人是本人的什么人。")
        return given


class WithdrawForm(SubmissionForm):
    note = TextField(
        label="怎么提出的",
        max_length=200,
        rows=2,
        required=False,
        help_text=f"例如：母亲来电撤回。{EVERYONE_READS}",
    )
