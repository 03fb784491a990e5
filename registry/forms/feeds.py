"""The forms of the feeds' desk: a department's file, a reason to decline or undo, a source's answer to a check."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from ..check_requests import ANSWERS
from ..feeds.columns import FeedKind
from ..feeds.reading import Limits
from ..models import CheckRequest, Source
from .fields import DayField, SubmissionForm, TextField

_SUFFIXES = (".csv", ".txt", ".xlsx", ".xls")


class UploadForm(SubmissionForm):
    """来源 and 类型 are one choice: a source sends only its own kinds."""

    feed = forms.ChoiceField(
        label="来源和类型",
        error_messages={"required": "请选择是哪个部门的哪类数据。", "invalid_choice": "请在列表中重新选择。"},
    )
    as_of = DayField(label="数据日期", help_text="部门导出数据的那一天。")
    mode = forms.ChoiceField(
        label="方式",
        initial="delta",
        choices=[("delta", "变动：只有新增和改变的"), ("full", "全量：这类数据的全部现状")],
        widget=forms.RadioSelect,
        help_text="全量文件里没有的人只在结果中报数，不会被迁走。",
        error_messages={"required": "请选择变动或全量。", "invalid_choice": "请选择变动或全量。"},
    )
    file = forms.FileField(
        label="文件",
        help_text="CSV 或 XLSX，第一行是列名。",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.xls,.txt"}),
        error_messages={
            "required": "请选择文件。",
            "invalid": "文件没有传上来，请重新选择。",
            "missing": "文件没有传上来，请重新选择。",
            "empty": "文件是空的，请检查后重新选择。",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sources = {source.pk: source for source in Source.objects.all()}
        groups = [
            (source.name, [(f"{source.pk}:{kind}", f"{source.name} · {FeedKind(kind).label}") for kind in source.kinds])
            for source in self.sources.values()
        ]  # fmt: skip
        self.fields["feed"].choices = [("", "请选择"), *groups]  # type: ignore[attr-defined]
        if not self.is_bound:
            self.initial.setdefault("as_of", timezone.localdate())

    def clean_feed(self) -> tuple[Source, str]:
        code, _, kind = self.cleaned_data["feed"].partition(":")
        source = self.sources[code]
        if source.refusal:
            raise ValidationError(f"{source.refusal}。")
        return source, kind

    def clean_as_of(self) -> date:
        day: date = self.cleaned_data["as_of"]
        if day > timezone.localdate():
            raise ValidationError("数据日期不能晚于今天。")
        return day

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if not (file.name or "").lower().endswith(_SUFFIXES):
            raise ValidationError("只能上传 CSV 或 XLSX 文件。")
        if (file.size or 0) > Limits().file_bytes:
            raise ValidationError(f"文件超过 {Limits().file_bytes >> 20} MB，请分成几份报送。")
        return file


class DeclineForm(forms.Form):
    reason = TextField(
        label="原因",
        max_length=200,
        rows=2,
        help_text="例如：迁移人数不对，已请公安核对后重新报送。",
        error_messages={"required": "请写明为什么不用这份文件。"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class AnswerForm(SubmissionForm):
    state = forms.ChoiceField(
        label="来源怎样答复",
        choices=[(state.value, str(state.label)) for state in ANSWERS],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择来源怎样答复。", "invalid_choice": "请选择来源怎样答复。"},
    )
    note = TextField(
        label="答复内容",
        max_length=200,
        rows=2,
        help_text="谁在哪天怎么答复的，例如：11-20 教育局电话，学籍已注销。",
        error_messages={"required": "请写明答复内容。"},
    )


class CheckFilter(forms.Form):
    """Which check requests are listed: by state and source."""

    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "待答复"), ("late", "已逾期"), ("done", "已办结")]
    )
    source = forms.ModelChoiceField(
        Source.objects.all(), label="来源", required=False, empty_label="全部来源",
        error_messages={"invalid_choice": "没有这个来源。"},
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def listed(self, requests: Any) -> Any:
        wanted = self.cleaned_data
        if wanted["source"]:
            requests = requests.filter(source=wanted["source"])
        if wanted["state"] == "done":
            return requests.exclude(state__in=[CheckRequest.State.OPEN, CheckRequest.State.REPLACED])
        return requests.overdue() if wanted["state"] == "late" else requests.open()
