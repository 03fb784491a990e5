"""Forms of cases 个案: open, plan, note, close with an outcome per need, decide, reopen."""

from typing import Any

from django import forms
from django.utils import timezone

from registry.codes import NeedKind
from registry.forms.fields import DayField, SubmissionForm, TextField

from ..cases import NEXT_STEP, TITLE_LENGTH, NeedOutcome
from ..codes import Outcome
from ..models import Case, CaseNote

NO_CATEGORY = "看的人不一定应当知道类别，不要写类别和原因。"
_PLEASE = {"required": "请选择。", "invalid_choice": "请从列表里选择。"}


def _in_a_month() -> Any:
    return timezone.localdate() + NEXT_STEP


class OpenCaseForm(SubmissionForm):
    title = TextField(
        label="题目", max_length=TITLE_LENGTH, rows=1, help_text=f"例如：车祸赔偿和生活照料。{NO_CATEGORY}",
        error_messages={"required": "请写一个题目。"},
    )  # fmt: skip
    because = TextField(
        label="发现了什么", max_length=2000, rows=4, error_messages={"required": "请写明发现了什么。"}
    )
    needs = forms.MultipleChoiceField(
        label="要解决哪些需求", choices=NeedKind.choices, widget=forms.CheckboxSelectMultiple,
        help_text="结案时，每一项都要有结果。", error_messages={"required": "请至少选一项需求。", **_PLEASE},
    )  # fmt: skip
    goals = TextField(label="目标", max_length=1000, rows=3, required=False, help_text="办到什么程度算办好。")
    due_on = DayField(label="下一步期限", initial=_in_a_month)


class PlanForm(SubmissionForm):
    goals = TextField(label="目标", max_length=1000, rows=3, required=False, help_text=NO_CATEGORY)
    due_on = DayField(label="下一步期限")
    needs = forms.MultipleChoiceField(
        label="加入需求",
        required=False,
        choices=[],
        widget=forms.CheckboxSelectMultiple,
        error_messages=_PLEASE,
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = set(case.needs.values_list("need__kind", flat=True).filter(need__closed_on=None))
        field: Any = self.fields["needs"]
        field.choices = [choice for choice in NeedKind.choices if choice[0] not in here]


class NoteForm(SubmissionForm):
    text = TextField(label="记一笔", max_length=2000, rows=3, error_messages={"required": "请写下内容。"})
    level = forms.ChoiceField(
        label="给谁看",
        choices=CaseNote.Level.choices,
        widget=forms.RadioSelect,
        initial="team",
        error_messages=_PLEASE,
    )


class ReasonForm(SubmissionForm):
    """Why: a case is not opened, or goes on; a referral is declined or withdrawn."""

    reason = TextField(label="理由", max_length=500, rows=2, error_messages={"required": "请写明理由。"})


class CloseForm(SubmissionForm):
    """One outcome and one sentence for each need that has none yet; then the whole, and the view that was asked."""

    conclusion = TextField(
        label="总的结果", max_length=1000, rows=3, help_text=NO_CATEGORY,
        error_messages={"required": "请写明结果。"},
    )  # fmt: skip
    asked = forms.ChoiceField(
        label="征求了谁的意见", choices=Case.Asked.choices, widget=forms.RadioSelect, error_messages=_PLEASE
    )
    view = TextField(
        label="他们怎么说", max_length=1000, rows=2, help_text="没能问到的，写明为什么。",
        error_messages={"required": "请写明本人或监护人的意见。"},
    )  # fmt: skip

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.needs = [need for need in case.needs.select_related("need") if not need.outcome]
        own = dict(self.fields)
        self.fields.clear()
        self.fields["submission_key"] = own.pop("submission_key")
        for need in self.needs:
            self.fields[f"outcome_{need.pk}"] = forms.ChoiceField(
                label=f"{need}：结果", choices=Outcome.choices, widget=forms.RadioSelect,
                error_messages={"required": f"请选择“{need}”的结果。", "invalid_choice": "请从列表里选择。"},
            )  # fmt: skip
            self.fields[f"note_{need.pk}"] = TextField(
                label=f"{need}：情况", max_length=500, rows=2,
                error_messages={"required": f"请写明“{need}”的情况。"},
            )  # fmt: skip
        self.fields.update(own)

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        return [(self[f"outcome_{need.pk}"], self[f"note_{need.pk}"]) for need in self.needs]

    def outcomes(self) -> dict[int, NeedOutcome]:
        given = self.cleaned_data
        return {n.pk: NeedOutcome(given[f"outcome_{n.pk}"], given[f"note_{n.pk}"]) for n in self.needs}
