"""Fields and the base of every form about people: dates, names, ID numbers, and the key that makes a form one act."""

import unicodedata
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from ..id_numbers import IdNumber, InvalidIdNumber, parse
from ..names import InvalidName, clean_name

_WAYS_TO_WRITE_A_DAY = ["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]
_UNSTORABLE = "文字里有无法保存的字符，请删除后重新填写。"


class DayField(forms.DateField):
    """A day as people write it: 2026-11-24, 20261124, 2026年11月24日."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        kwargs.setdefault("input_formats", _WAYS_TO_WRITE_A_DAY)
        kwargs["error_messages"] = {
            "invalid": "没有这一天，或写法不对。请写成 2026-11-24 的样子。",
            "required": "请填写日期。",
            **kwargs.get("error_messages", {}),
        }
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", value).strip()
            # strptime takes digits of any script and chokes on others' NULs: keep to what a keyboard gives.
            if not value.isprintable() or len(value) > 20:
                raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class PeriodForm(forms.Form):
    """The conditions of a list by days: whole ones, both included. A subclass says where its own fields stand."""

    since = DayField(label="从", required=False)
    until = DayField(label="到", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and since > until:
            self.add_error("until", "“到”不能早于“从”。")
        return given


class PersonNameField(forms.CharField):
    """A name of 1 to 50 characters, in the form in which it is stored."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off", "maxlength": 100}))
        super().__init__(strip=False, **kwargs)
        # What clean_name says of them is kinder than Django's own words.
        self.validators = []

    def clean(self, value: Any) -> str:
        text = self.to_python(value) or ""
        if not text.strip() and not self.required:
            return ""
        try:
            return clean_name(text)
        except InvalidName as problem:
            raise ValidationError(str(problem), code="invalid") from None


def read_id_number(text: str) -> IdNumber:
    """The ID number in a form field. Raises ValidationError with what is wrong, never with the number."""
    try:
        return parse(text)
    except InvalidIdNumber as problem:
        raise ValidationError(str(problem), code="invalid") from None


class TextField(forms.CharField):
    """Free text with a limit that the message names in characters."""

    def __init__(self, *, max_length: int, rows: int = 3, **kwargs: Any) -> None:
        widget: forms.Widget = (
            forms.Textarea(attrs={"rows": rows})
            if rows > 1
            else forms.TextInput(attrs={"autocomplete": "off"})
        )
        kwargs.setdefault("widget", widget)
        kwargs["error_messages"] = {
            "null_characters_not_allowed": _UNSTORABLE,
            "max_length": f"最多 {max_length} 个字，现在是 %(show_value)d 个字。",
            **kwargs.get("error_messages", {}),
        }
        super().__init__(max_length=max_length, **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        # A textarea sends CR LF; half a surrogate pair cannot be stored.
        text = text.replace("\r\n", "\n")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise ValidationError(_UNSTORABLE, code="invalid")
        return text


class SubmissionForm(forms.Form):
    """A form that is one act however often it is sent: the first sending decides, later ones get its result."""

    # Without it (a form typed by hand) nothing is recognised, and nothing breaks.
    submission_key = forms.UUIDField(
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid": "页面已过期，请重新打开后再提交。"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.initial.setdefault("submission_key", uuid.uuid4())

    def clean_submission_key(self) -> uuid.UUID:
        return self.cleaned_data.get("submission_key") or uuid.uuid4()

    def refuse(self, field: str | None, message: str) -> None:
        """Show what a verb refused beside the field it is about."""
        self.add_error(field if field in self.fields else None, message)

    def retype(self, field: str, value: str) -> None:
        """Put another value where the form was sent with one, for the page that shows it again."""
        sent: Any = self.data
        again = sent.copy()
        again[field] = value
        self.data = again


def key_of(data: Mapping[str, str]) -> uuid.UUID | None:
    """The submission key of a form as it was sent, before any check of the rest."""
    try:
        return uuid.UUID(data.get("submission_key", ""))
    except ValueError:
        return None
