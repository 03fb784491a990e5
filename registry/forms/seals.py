"""Forms on seals 封存: the notice and what is sealed of one file; and a reopening."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.text import Truncator

from grids.models import User

from .. import seal_groups, seal_texts
from ..check_requests import in_words
from ..corrections import LABELS
from ..models import Reopening, Seal, Youth
from ..sealing import Choice
from ..seals import Notice
from .fields import DayField, SubmissionForm, TextField

GROUPS = ("enrolments", "visits", "needs", "corrections", "facts", "texts")
_WORDS = 60
Choices = list[tuple[str, str]]


def _group(label: str, help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        help_text=help_text,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "请只选列表中的项目。"},
    )


def _or_none_yet(choices: Choices) -> Choices:
    """None is chosen before somebody chooses it."""
    return [("", "请选择"), *choices]


class SealForm(SubmissionForm):
    """The notice, and what of this file it seals. Offered is what the file holds, and nothing else is taken."""

    organ = forms.ChoiceField(
        label="哪个机关通知",
        choices=_or_none_yet(Seal.Organ.choices),
        error_messages={"required": "请选择通知机关。"},
    )
    organ_name = TextField(
        label="机关全称", max_length=100, rows=1, error_messages={"required": "请写机关全称。"}
    )
    notice_number = TextField(
        label="封存通知书文号", max_length=100, rows=1, error_messages={"required": "请写通知书文号。"}
    )
    notice_on = DayField(label="通知书日期")
    record = forms.ChoiceField(
        label="封存的是哪种记录",
        choices=_or_none_yet(Seal.Record.choices),
        error_messages={"required": "请选择封存的记录。"},
    )
    enrolments = _group("类别认定", "连同认定依据、变更历史，以及由它产生的线索和提醒。")
    visits = _group("走访", "内容提到这件事的走访，连同当时提出的需求。")
    needs = _group("需求", "因这件事提出的需求。")
    corrections = _group("更正", "提到这件事的更正，连同由它提出的校核。")
    facts = _group("各方情况", "部门或走访登记的情况，连同数据批次里的留底。")
    texts = _group("其他文字", "写在档案、交接、迁移上的话；只抹去这段话，别的不变。")
    whole_file = forms.BooleanField(
        label="整份档案都是因为这件事建立的，全部封存",
        help_text="勾选后，上面不用再逐项选择。",
        required=False,
    )

    def __init__(self, *args: Any, youth: Youth, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.youth = youth
        for key, group in seal_groups.GROUPS.items():
            self.fields[key] = _group(group.label, group.help_text)
        for name, choices in _offered(youth).items():
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and self.choice.is_empty:
            self.add_error(None, "请选择要封存的内容。")
        return given

    @property
    def groups(self) -> list[forms.BoundField]:
        """The groups in which this file has anything."""
        names = (*GROUPS, *seal_groups.GROUPS)
        return [self[name] for name in names if self.fields[name].choices]  # type: ignore[attr-defined]

    @property
    def choice(self) -> Choice:
        given = self.cleaned_data
        return Choice(
            enrolments=tuple(map(UUID, given["enrolments"])),
            visits=tuple(map(UUID, given["visits"])),
            corrections=tuple(map(UUID, given["corrections"])),
            needs=tuple(map(int, given["needs"])),
            facts=tuple(map(int, given["facts"])),
            texts=tuple(given["texts"]),
            others=tuple(f"{key}:{each}" for key in seal_groups.GROUPS for each in given[key]),
            whole_file=given["whole_file"],
        )

    @property
    def notice(self) -> Notice:
        given = self.cleaned_data
        names = ("organ", "organ_name", "notice_number", "notice_on", "record")
        return Notice(**{name: given[name] for name in names})

    @property
    def chosen(self) -> list[tuple[str, list[str]]]:
        """What was ticked, in words, group by group."""
        said = []
        for field in self.groups:
            words = dict(field.field.choices)  # type: ignore[attr-defined]
            ticked = [str(words[key]) for key in self.cleaned_data[field.name]]
            if ticked:
                said.append((str(field.label), ticked))
        return said

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Everything as it was sent, for the page that asks once more."""
        return [(name, value) for name in self.fields for value in self.data.getlist(name)]  # type: ignore[attr-defined]

    @property
    def takes_file(self) -> bool:
        """Whether the file itself goes with what was ticked."""
        given = self.cleaned_data
        if given["whole_file"]:
            return True
        every = {str(key) for key in self.youth.enrolments.values_list("pk", flat=True)}
        return bool(given["enrolments"]) and not self.youth.opened_reason and every <= {*given["enrolments"]}


def _offered(youth: Youth) -> dict[str, Choices]:
    """What the file holds, in words; each group in one statement or two."""
    enrolments = youth.enrolments.select_related("category").order_by("-starts_on", "id")
    visits = youth.visits.select_related("by")
    needs = youth.open_and_closed_needs.order_by("-opened_on", "-id")
    facts = youth.resident.facts.select_related("source").order_by("-starts_on", "-id")
    return {
        "enrolments": [
            (str(e.pk), f"{e.category}，{e.starts_on} 起{_until(e.ends_on)}：{_short(e.evidence)}")
            for e in enrolments
        ],
        "visits": [(str(v.pk), f"{v.visited_on} {v.by} 走访：{_short(v.found)}") for v in visits],
        "needs": [
            (str(n.pk), f"{n.get_kind_display()}，{n.opened_on} 提出{_until(n.closed_on)}") for n in needs
        ],
        "corrections": [
            (str(c.pk), f"{c} {_names(field for field, _, _ in c.changes)}：{_short(c.reason)}")
            for c in youth.corrections.all()
        ],
        "facts": [(str(f.pk), f"{in_words(f)}，{f.source or '走访所见'}") for f in facts],
        "texts": [(text.name, text.words) for text in seal_texts.texts_of(youth)],
        **{key: group.offered(youth) for key, group in seal_groups.GROUPS.items()},
    }


def _until(day: Any) -> str:
    return f"，{day} 止" if day else ""


def _short(text: str) -> str:
    return Truncator(text).chars(_WORDS)


def _names(fields: Iterable[str]) -> str:
    return "、".join(LABELS[field] for field in fields)


class ReopenForm(SubmissionForm):
    """Ask for a reopening on a legal ground and a document."""

    ground = forms.ChoiceField(
        label="启封事由",
        choices=Reopening.Ground.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择启封事由。成年后再犯罪不是启封的事由。"},
    )
    document_number = TextField(
        label="法律文书文号", max_length=100, rows=1, error_messages={"required": "请写法律文书文号。"}
    )
