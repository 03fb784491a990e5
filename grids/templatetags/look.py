"""What every page is made of: icons, fields, days and deadlines, figures, sortable heads."""

import datetime as dt
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.forms.boundfield import BoundField
from django.forms.forms import BaseForm
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

ICONS = "vendor/lucide-static-1.62.0/icons"
SOON_DAYS = 7
SOON_HOURS = 24


def _icon_body(name: str) -> str:
    """The shapes inside the vendored SVG of that name.

    Raises `LookupError` for a name that is not vendored, so that a misspelling fails in the first test.
    """
    found = finders.find(f"{ICONS}/{name}.svg")
    if not found:
        raise LookupError(f"no icon named {name!r} under static/{ICONS}")
    svg = Path(str(found)).read_text(encoding="utf-8")
    inside = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL)
    if inside is None:
        raise LookupError(f"{found} holds no <svg>")
    return re.sub(r"\s*\n\s*", "", inside[1])


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, label: str = "") -> SafeString:
    """An inline picture; decoration unless it has a label. Labels are words of templates, never of people."""
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
        ' stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        role,
        mark_safe(_icon_body(name)),  # noqa: S308 - our own vendored file
    )


def _kind(bound: BoundField) -> str:
    if bound.is_hidden:
        return "hidden"
    if bound.use_fieldset:
        return "choices"
    return "tick" if getattr(bound.field.widget, "input_type", "") == "checkbox" else "line"


@register.inclusion_tag("_field.html")
def field(bound: BoundField, **options: Any) -> dict[str, Any]:
    """Label, widget, help and errors of one field.

    Options: `label`, `help` replace the field's own; `class` goes on the box ("wide"); `data_search=True`
    marks the field that the `/` key focuses.
    """
    if "label" in options:
        bound.label = options["label"]
    if "help" in options:
        bound.help_text = options["help"]
    others = bound.form.fields.values()
    asks_for_something = any(other.required and not other.widget.is_hidden for other in others)
    kind = _kind(bound)
    attrs: dict[str, str | bool] = {"data-search": ""} if options.get("data_search") else {}
    return {
        "field": bound,
        "kind": kind,
        "widget": "" if kind == "choices" else bound.as_widget(attrs=attrs),
        "css": options.get("class", ""),
        # In a search form nothing is required, and saying so sixteen times is noise.
        "optional": asks_for_something and not bound.field.required and kind != "tick",
    }


def _anchor(bound: BoundField) -> str:
    return f"{bound.auto_id}_0" if bound.use_fieldset else bound.auto_id


@register.inclusion_tag("_form_errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """The summary above a form: what belongs to no field, then a link to each field that wants mending."""
    general = [
        *form.non_field_errors(),
        *(e for bound in form.hidden_fields() for e in bound.errors),
    ]
    wrong = [
        {"anchor": _anchor(bound), "label": bound.label, "error": bound.errors[0]}
        for bound in form.visible_fields()
        if bound.errors
    ]
    return {"general": general, "wrong": wrong, "count": len(general) + len(wrong)}


def _as_day(value: dt.date | dt.datetime) -> dt.date:
    return timezone.localdate(value) if isinstance(value, dt.datetime) else value


def _short(day: dt.date, today: dt.date) -> str:
    return f"{day:%m-%d}" if day.year == today.year else f"{day:%Y-%m-%d}"


def _tag(kind: str, text: str) -> SafeString:
    return format_html('<span class="tag {}">{}</span>', kind, text)


@register.simple_tag
def due(
    value: dt.date | dt.datetime | None, empty: str = "未安排", today: dt.date | None = None
) -> SafeString:
    """A due day as a tag whose words alone say how late it is. A long list says once which day today is."""
    if value is None:
        return _tag("plain", empty)
    return _due_tag(_as_day(value), today or timezone.localdate())


@lru_cache(maxsize=1024)
def _due_tag(day: dt.date, today: dt.date) -> SafeString:
    """Fifty rows have few days among them."""
    left = (day - today).days
    if left < 0:
        return _tag("late", f"已逾期 {-left} 天")
    if left <= 1:
        return _tag("soon", "明天" if left else "今天")
    return _tag("soon" if left <= SOON_DAYS else "good", _short(day, today))


@register.simple_tag
def due_in(value: dt.datetime | None, empty: str = "未设期限") -> SafeString:
    """A deadline of hours as a tag: 还剩 4 小时, 已超时 2 小时; whole days once it is more than two days away."""
    if value is None:
        return _tag("plain", empty)
    seconds = (value - timezone.now()).total_seconds()
    amount = _duration(abs(seconds))
    if seconds < 0:
        return _tag("late", f"已超时 {amount}")
    return _tag("soon" if seconds <= SOON_HOURS * 3600 else "good", f"还剩 {amount}")


def _duration(seconds: float) -> str:
    if seconds < 3600:
        return f"{max(1, int(seconds // 60))} 分钟"
    if seconds < 48 * 3600:
        return f"{int(seconds // 3600)} 小时"
    return f"{int(seconds // 86400)} 天"


@register.filter
def duration(value: dt.timedelta) -> str:
    """A length of time in the largest fitting unit: 15 分钟."""
    return _duration(value.total_seconds())


@register.simple_tag
def day(value: dt.date | dt.datetime | None, empty: str = "—") -> SafeString:
    """A date as `<time>`, in full."""
    if value is None:
        return format_html('<span class="muted">{}</span>', empty)
    text = _as_day(value).isoformat()
    return mark_safe(f'<time class="nowrap" datetime="{text}">{text}</time>')  # noqa: S308 - digits


@register.simple_tag
def moment(value: dt.datetime | None, empty: str = "—") -> SafeString:
    """A moment as people say it: 今天 02:14, 昨天 18:20, 11-20 09:12, with the year when it is another one."""
    if value is None:
        return format_html('<span class="muted">{}</span>', empty)
    local = timezone.localtime(value)
    today = timezone.localdate()
    words = {0: "今天", 1: "昨天"}.get((today - local.date()).days) or _short(local.date(), today)
    return format_html(
        '<time class="nowrap" datetime="{}">{} {}</time>',
        local.isoformat(),
        words,
        f"{local:%H:%M}",
    )


@register.filter
def days_ago(value: dt.date | dt.datetime | None) -> str:
    """How long since a day that has passed: 今天, 3 天前; None is 从未."""
    if value is None:
        return "从未"
    passed = (timezone.localdate() - _as_day(value)).days
    return f"{passed} 天前" if passed > 0 else "今天"


@register.filter
def thousands(value: int | None) -> str:
    """5360 → 5,360; None → —."""
    return "—" if value is None else f"{value:,}"


@register.inclusion_tag("_sort_th.html", takes_context=True)
def sort_th(
    context: template.Context,
    name: str,
    text: str,
    *,
    default: bool = False,
    numeric: bool = False,
) -> dict[str, Any]:
    """A column head that sorts by `sort=name`, and the other way round (`sort=-name`) when it already does.

    `default` marks the column the list is sorted by when the address says nothing. A new order starts at its
    first page, so the keyset's `after` and `before` go.
    """
    query = context["request"].GET.copy()
    current = query.get("sort") or (name if default else "")
    query["sort"] = f"-{name}" if current == name else name
    for key in ("after", "before"):
        query.pop(key, None)
    order = {name: "ascending", f"-{name}": "descending"}.get(current, "")
    return {
        "url": f"?{query.urlencode()}",
        "text": text,
        "order": order,
        "numeric": numeric,
    }
