"""Forms on candidates 线索: what the visit found; it is so; it is not so."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from ..codes import PersonMet
from ..models import Candidate
from .fields import DayField, SubmissionForm, TextField
from .youths import EVERYONE_READS

_NOBODY = PersonMet.NOBODY.value


class CandidateVisitForm(SubmissionForm):
    """Two buttons: 已走访, 没找到人. Everything else may stay as it is."""

    met = forms.ChoiceField(
        label="见到了谁",
        choices=[choice for choice in PersonMet.choices if choice[0] != _NOBODY],
        widget=forms.RadioSelect,
        initial=PersonMet.YOUTH,
        required=False,
        error_messages={"invalid_choice": "请选择列表中的人。"},
    )
    note = TextField(label="看到、问到了什么", max_length=2000, required=False)
    result = forms.ChoiceField(
        choices=Candidate.VisitResult.choices,
        error_messages={
            "required": "请点“已走访”或“没找到人”。",
            "invalid_choice": "请点“已走访”或“没找到人”。",
        },
    )

    def clean_met(self) -> str:
        return self.cleaned_data.get("met") or PersonMet.YOUTH


class VerifyForm(SubmissionForm):
    """It is so: since when, and on what; both prefilled from the rule's own words."""

    evidence = TextField(
        label="认定依据",
        max_length=500,
        help_text="写明看到、问到了什么，谁说的；可以改。",
        error_messages={"required": "请写明依据。"},
    )
    on = DayField(label="情况从哪天开始")

    def __init__(self, *args: Any, candidate: Candidate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        leaves = candidate.kind == Candidate.Kind.LEAVE
        evidence, on = self.fields["evidence"], self.fields["on"]
        self.initial.setdefault("evidence", candidate.reason + ("。" if leaves else "，已核实。"))
        self.initial.setdefault("on", str(_earliest(candidate)))
        if leaves:
            evidence.label, on.label = "终止原因", "终止日期"
            evidence.help_text = EVERYONE_READS
            evidence.max_length = 200  # type: ignore[attr-defined]
        if candidate.help_kind:
            # Nothing is enrolled, so nothing is asked.
            del self.fields["evidence"], self.fields["on"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        given.setdefault("evidence", "")
        given.setdefault("on", timezone.localdate())
        return given


def _earliest(candidate: Candidate) -> date:
    """Since when, but not before the category's age begins: what was so before is not yet the category."""
    since = candidate.since_on
    if candidate.kind == Candidate.Kind.LEAVE:
        return (
            min(max(since, candidate.enrolment.starts_on), timezone.localdate())
            if candidate.enrolment
            else since
        )
    born, years = candidate.resident.birth_on, candidate.category.age_min if candidate.category else 0
    try:
        first = born.replace(year=born.year + years)
    except ValueError:
        first = date(born.year + years, 3, 1)
    return max(since, first)


class SetAsideForm(SubmissionForm):
    """It is not so, or nothing is wanted."""

    reason = TextField(
        label="为什么搁置",
        max_length=200,
        rows=2,
        help_text="例如：父亲已回家；人不住这里。同样的情况不会再提出，有新情况才会。",
        error_messages={"required": "请写明搁置的原因。"},
    )
