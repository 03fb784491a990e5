"""Addresses of lists."""

from typing import Any

from django import template

from registry.filters.youths import narrowed

register = template.Library()


@register.simple_tag(takes_context=True)
def narrow(context: template.Context, **changes: Any) -> str:
    """`{% narrow category="idle" %}`: the query of the same list with this condition, from its first page."""
    return narrowed(context["listing"].params, **changes)
