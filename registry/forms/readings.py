"""What the auditor searches readings by 查阅审计: who, when, through what, about which id."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.utils import timezone

from ..reading_pages import KINDS
from .fields import DayField, PeriodForm


class ReadingFilter(PeriodForm):
    """The conditions of the auditor's list."""

    field_order = ["user", "since", "until", "page", "subject"]

    user = forms.CharField(label="查阅人（登录名或姓名）", max_length=50, required=False)
    page = forms.ChoiceField(
        label="页面", required=False, choices=[("", "全部页面"), *((key, kind.label) for key, kind in KINDS.items())],
        error_messages={"invalid_choice": "没有这类页面。"},
    )  # fmt: skip
    subject = forms.UUIDField(
        label="对象编号", required=False, error_messages={"invalid": "对象编号的写法不对，请整段复制。"}
    )

    def listed(self, readings: Any) -> Any:
        given = self.cleaned_data
        if name := given["user"].strip():
            readings = readings.filter(Q(by__username=name) | Q(by__name=name))
        if since := given["since"]:
            readings = readings.filter(at__gte=_midnight(since))
        if until := given["until"]:
            readings = readings.filter(at__lt=_midnight(until + timedelta(days=1)))
        if kind := given["page"]:
            readings = readings.filter(page__in=KINDS[kind].pages)
        subject: UUID | None = given["subject"]
        return readings.filter(subject_ids__contains=[subject]) if subject else readings


def _midnight(day: date) -> Any:
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware here


class DayFilter(forms.Form):
    """The day whose unusual readings are listed; today when none is given."""

    day = DayField(label="日期", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
