"""Forms on searches: the words that are posted, and the name of a search to keep."""

from typing import Any

from django import forms

from ..filters.widgets import QuickTextInput
from ..names import LONGEST_NAME, search_terms
from .fields import TextField, read_id_number

_PRIVATE: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false"}


class WordsForm(forms.Form):
    """What may stand in no address: names, estates, ID numbers. Both fields are optional and narrow together."""

    q = TextField(
        label="姓名 / 拼音 / 小区",
        max_length=LONGEST_NAME,
        rows=1,
        required=False,
        widget=QuickTextInput(attrs={**_PRIVATE, "maxlength": LONGEST_NAME, "enterkeyhint": "search"}),
    )
    id_number = TextField(
        label="证件号码",
        max_length=40,
        rows=1,
        required=False,
        widget=QuickTextInput(attrs={**_PRIVATE, "maxlength": 40, "enterkeyhint": "search"}),
    )

    def clean_q(self) -> str:
        q = self.cleaned_data["q"].strip()
        terms = search_terms(q)
        if terms.is_id_number:
            raise forms.ValidationError("这像是证件号码，请填到“证件号码”一栏。")
        if q and not terms.text:
            raise forms.ValidationError("里面没有可查的文字，请重新填写。")
        return q

    def clean_id_number(self) -> str:
        text = self.cleaned_data["id_number"].strip()
        return read_id_number(text).number if text else ""


class SaveSearchForm(forms.Form):
    """The name of a search to keep. `query` is the list's own address part, as the page wrote it."""

    name = TextField(
        label="名称",
        max_length=50,
        rows=1,
        help_text="例如：湾里街道留守儿童 90 天未核实。不要写姓名和证件号码。",
        error_messages={"required": "请填写名称。"},
    )
    query = forms.CharField(required=False, max_length=2_000, widget=forms.HiddenInput)

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())
