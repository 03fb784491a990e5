"""The words of a people-and-housing search: posted, never in an address."""

import unicodedata
from typing import Any

from django import forms

from ..names import LONGEST_NAME
from .fields import TextField
from .searches import WordsForm

_PLAIN: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false", "enterkeyhint": "search"}
_LONGEST_PLACE = 50


class PeopleWordsForm(WordsForm):
    """All fields are optional and narrow together; a door is looked for in the estate that is named."""

    estate = TextField(
        label="小区（村组）",
        max_length=_LONGEST_PLACE,
        rows=1,
        required=False,
        widget=forms.TextInput(attrs={**_PLAIN, "maxlength": _LONGEST_PLACE}),
    )
    door = TextField(
        label="楼栋门牌",
        max_length=_LONGEST_PLACE,
        rows=1,
        required=False,
        help_text="如 3栋、3-2-501",
        widget=forms.TextInput(attrs={**_PLAIN, "maxlength": _LONGEST_PLACE}),
    )
    field_order = ("q", "estate", "door", "id_number")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].label = "姓名 / 拼音"
        self.fields["q"].widget.attrs["maxlength"] = LONGEST_NAME

    def clean_estate(self) -> str:
        return _tidy(self.cleaned_data["estate"])

    def clean_door(self) -> str:
        return _tidy(self.cleaned_data["door"]).replace(" ", "")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("door") and not given.get("estate") and "estate" not in self.errors:
            self.add_error("estate", "查楼栋门牌，请同时填小区（村组）。")
        return given


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())
