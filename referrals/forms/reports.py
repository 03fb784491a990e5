"""Forms of a report 问题上报: one screen to make it; the authority that was told, the answer, the report to join."""

import unicodedata
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.db.models.expressions import Value
from django.db.models.functions import Concat, Replace
from django.utils import timezone

from grids.models import Grid, User
from grids.permissions import Permission
from grids.scope import within
from registry.codes import NeedKind
from registry.forms.fields import SubmissionForm, TextField
from registry.models import Dwelling, Youth
from registry.models.residents import id_number_index
from registry.public_ids import internal_id, public_id

from ..models import Report

MOST_MATCHES = 10
MOST_GRIDS = 400  # a longer menu helps nobody: the code is typed instead
_WITH_NUMBER = 15
_A = Report.About
_NOT_FOUND = {
    _A.YOUTH: "在您负责的在管档案里没有这个姓名。请写全名或证件号码；没有建档的，选“一户人家”。",
    _A.HOUSEHOLD: "在您负责的范围内没有这个门牌。请照登记的写，例如：翠竹园3栋2单元501。",
}


def _choose(label: str, choices: Any, message: str, **options: Any) -> forms.ChoiceField:
    errors = {"required": message, "invalid_choice": message}
    return forms.ChoiceField(label=label, choices=choices, error_messages=errors, **options)


class ReportForm(SubmissionForm):
    """What was found. About whom is asked unless the page that led here said it already."""

    about = _choose("关于谁", _A.choices, "请选择关于谁。", widget=forms.RadioSelect, initial=_A.YOUTH)
    where = forms.CharField(
        label="姓名、门牌或地点",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="青少年写全名；一户写门牌，如 翠竹园3栋2单元501；地方写清楚在哪里。",
        error_messages={"required": "请写姓名、门牌或地点。", "max_length": "最多 100 个字。"},
    )
    # Its choices are what fits the words, so it is checked where they are looked up.
    match = forms.CharField(label="是哪一位（户）", required=False, max_length=36, widget=forms.RadioSelect)
    grid = forms.ChoiceField(label="在哪个网格", required=False)
    kind = _choose("什么问题", Report.Kind.choices, "请选择是什么问题。", widget=forms.RadioSelect)
    found = TextField(
        label="看到了什么",
        max_length=1000,
        rows=2,
        help_text="一句话就行。不写猜测，不写类别。",
        error_messages={"required": "请写一句看到了什么。"},
    )
    urgent = forms.BooleanField(label="紧急，今天就要有人管（各级马上收到）", required=False)
    danger = forms.ChoiceField(
        label="孩子受到伤害，或正面临危险？",
        choices=[("", "没有发现"), *Report.Danger.choices],
        required=False,
        error_messages={"invalid_choice": "请在列表里选。"},
    )

    def __init__(
        self, *args: Any, user: User, subject: Youth | Dwelling | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.subject = user, subject
        self.matches: list[Youth] = []
        self.candidates: list[tuple[str, str]] = []
        if subject is not None:
            for name in ("about", "where", "match", "grid"):
                del self.fields[name]
            return
        grids = Grid.objects.filter(within("code", user.prefixes(Permission.SEE_YOUTHS)), retired_on=None)
        grids = grids.select_related("community").order_by("code")[: MOST_GRIDS + 1]
        self.grids = {grid.code: grid for grid in grids}
        if len(self.grids) > MOST_GRIDS:
            self.fields["grid"] = forms.CharField(
                label="在哪个网格",
                required=False,
                max_length=15,
                help_text="写 15 位网格编号，关于一处地方时要写。",
            )
        else:
            names = [(code, f"{grid.community} {grid}") for code, grid in self.grids.items()]
            choices = names if len(names) == 1 else [("", "请选择"), *names]
            self.fields["grid"] = _choose("在哪个网格", choices, "请选择网格。", required=False)
            self.fields["grid"].help_text = "关于一处地方时要选。"

    @property
    def is_urgent_now(self) -> bool:
        return bool(self.data.get("urgent") or self.data.get("danger"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.subject is None and given.get("about") and given.get("where"):
            {_A.YOUTH: self._youth, _A.HOUSEHOLD: self._household, _A.PLACE: self._place}[given["about"]](
                unicodedata.normalize("NFKC", given["where"]).strip()
            )
        return given

    def _youth(self, words: str) -> None:
        mine = Youth.objects.visible_to(self.user).open()
        if sum(map(str.isalnum, words)) >= _WITH_NUMBER and words[:14].isdigit():
            mine = mine.filter(resident__id_number_index=id_number_index(words.upper()))
        else:
            mine = mine.filter(name=words)
        self.matches = list(mine.select_related("grid__community").order_by("grid_id", "id")[:MOST_MATCHES])
        found = {str(youth.pk): youth for youth in self.matches}
        labels = [
            (key, f"{youth.masked_name}，{youth.age} 岁，{youth.estate or youth.grid}")
            for key, youth in found.items()
        ]
        self.subject = found.get(self._chosen(_A.YOUTH, labels))

    def _household(self, words: str) -> None:
        squeezed = "".join(words.split())
        door = Concat("building", "unit", "room")
        doors = Dwelling.objects.visible_to(self.user).annotate(
            short=door, long=Concat("estate", door), plain=Replace(F("address"), Value(" "), Value(""))
        )
        same = Q(long=squeezed) | Q(plain=squeezed) | (Q(short=squeezed) & ~Q(estate=""))
        near = list(
            doors.filter(same).select_related("grid__community").order_by("door_order", "id")[:MOST_MATCHES]
        )
        found = {str(public_id("dwelling", each.pk)): each for each in near}
        labels = [(key, f"{each}，{each.grid.community}{each.grid}") for key, each in found.items()]
        self.subject = found.get(self._chosen(_A.HOUSEHOLD, labels))

    def _chosen(self, about: str, labels: list[tuple[str, str]]) -> str:
        """Which of those that fit is meant: the only one, or the one that was chosen."""
        if len(labels) == 1:
            return labels[0][0]
        if not labels:
            self.add_error("where", ValidationError(_NOT_FOUND[Report.About(about)], code="missing"))
            return ""
        self.candidates = labels
        widget = self.fields["match"].widget
        assert isinstance(widget, forms.RadioSelect)  # noqa: S101 - for the type checker
        widget.choices = labels
        chosen = self.cleaned_data.get("match", "")
        if chosen in dict(labels):
            return chosen
        self.add_error("match", f"有 {len(labels)} 个都符合，请选一个。")
        return ""

    def _place(self, _: str) -> None:
        if not self.cleaned_data.get("grid") or self.place_grid is None:
            self.add_error("grid", "请选择在哪个网格。")

    @property
    def place_grid(self) -> Grid | None:
        """The grid of the place, where the person may report."""
        code = self.cleaned_data.get("grid", "")
        if code in self.grids:
            return self.grids[code]
        inside = Grid.objects.filter(
            within("code", self.user.prefixes(Permission.SEE_YOUTHS)), retired_on=None
        )
        return inside.filter(pk=code).first()

    def report(self) -> dict[str, Any]:
        """What the verb is given."""
        given = self.cleaned_data
        said = {name: given[name] for name in ("kind", "found", "urgent", "danger", "submission_key")}
        if isinstance(self.subject, Youth):
            return {"youth": self.subject, **said}
        if isinstance(self.subject, Dwelling):
            return {"dwelling": self.subject, **said}
        return {"grid": self.place_grid, "place": given["where"], **said}


class ToldForm(SubmissionForm):
    """The legal report 强制报告: all four, since without a number nobody can ask what came of it."""

    authority = _choose(
        "报告了哪个机关", Report.Authority.choices, "请选择报告了哪个机关。", widget=forms.RadioSelect
    )
    told_at = forms.DateTimeField(
        label="什么时候报告的",
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        error_messages={"required": "请填写时间。", "invalid": "时间写成 2026-11-24 10:05 的样子。"},
    )
    told_by = TextField(
        label="谁去报告的", max_length=50, rows=1, error_messages={"required": "请写谁去报告的。"}
    )
    receipt = TextField(
        label="回执或接警编号",
        max_length=100,
        rows=1,
        help_text="没有给编号的，写接待人和电话。",
        error_messages={"required": "请写回执编号；没有编号的，写接待人和电话。"},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("told_at", timezone.localtime())
        self.initial.setdefault("told_by", user.name)


class AnswerForm(SubmissionForm):
    outcome = TextField(
        label="怎么办的，有什么结果",
        max_length=1000,
        rows=4,
        help_text="上报的人会看到。写清楚谁做了什么、问题解决到什么程度。",
        error_messages={"required": "请写明怎么办的。没有结果不能办结。"},
    )


class JoinForm(SubmissionForm):
    to = forms.ChoiceField(
        label="并入哪一件",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择并入哪一件。", "invalid_choice": "请选择并入哪一件。"},
    )

    def __init__(self, *args: Any, others: list[Report], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.others = {str(each.pk): each for each in others}
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [
            (
                key,
                " ".join(
                    [f"{timezone.localtime(each.found_at):%m-%d %H:%M}", str(each), each.get_state_display()]
                ),
            )
            for key, each in self.others.items()
        ]

    @property
    def chosen(self) -> Report:
        return self.others[self.cleaned_data["to"]]


# What a report of this kind most likely needs.
_NEEDS = {
    "care": "care", "no_parents": "care", "hardship": "money", "disability": "health", "school": "school",
    "mind": "counselling", "runaway": "care", "work": "work", "rights": "law",
}  # fmt: skip


class CaseForm(SubmissionForm):
    """A case that grows from the report: whose, what was found, what for."""

    youth = _choose("为谁立个案", (), "请选择为谁立个案。", widget=forms.RadioSelect)
    because = TextField(
        label="发现的情况",
        max_length=1000,
        help_text="参加个案的同事会看到，不写类别。",
        error_messages={"required": "请写发现的情况。"},
    )
    needs = forms.MultipleChoiceField(
        label="需要什么",
        choices=NeedKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "请只选列表中的项目。"},
    )

    def __init__(self, *args: Any, youths: list[Youth], report: Report, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.youths = {str(youth.pk): youth for youth in youths}
        labels = [(key, f"{youth.masked_name}，{youth.age} 岁") for key, youth in self.youths.items()]
        if len(labels) == 1:
            self.fields["youth"] = forms.ChoiceField(choices=labels, widget=forms.HiddenInput)
            self.initial.setdefault("youth", labels[0][0])
        else:
            field = self.fields["youth"]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
            field.choices = labels
        self.initial.setdefault("because", report.found)
        if need := _NEEDS.get(report.kind):
            self.initial.setdefault("needs", [need])

    @property
    def chosen(self) -> Youth:
        return self.youths[self.cleaned_data["youth"]]


def dwelling_key(text: str) -> int | None:
    """The dwelling that an address names; None for what is no id of one."""
    try:
        return internal_id("dwelling", UUID(text))
    except ValueError:
        return None
