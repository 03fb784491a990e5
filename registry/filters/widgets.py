"""The widgets of search forms: the same HTML as Django's, made without a template for each option.

A search page has a hundred options; rendering a template for each (and for its attributes) took a tenth of its time.
"""

from html import escape  # what Django's own calls, without the look at what kind of text each option is
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


class QuickSelect(forms.Select):
    """One choice out of a flat list (no groups)."""

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        chosen = set(self.format_value(value))
        found = ((("" if one is None else str(one)), str(label)) for one, label in self.choices)
        options = "\n".join(
            f'<option value="{escape(one)}"{" selected" if one in chosen else ""}>{escape(label)}</option>'
            for one, label in found
        )
        return mark_safe(f"<select{_attributes(self, name, attrs)}>\n{options}\n</select>")  # noqa: S308 - escaped


class QuickTextInput(forms.TextInput):
    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        shown = self.format_value(value)
        own = {"type": self.input_type, "name": name} | ({} if shown is None else {"value": shown})
        return format_html("<input{}>", mark_safe(flatatt(own) + _attributes(self, None, attrs)))  # noqa: S308


def _attributes(widget: forms.Widget, name: str | None, attrs: dict[str, Any] | None) -> SafeString:
    found = widget.build_attrs(widget.attrs, attrs)
    return flatatt(({"name": name} if name else {}) | found)
