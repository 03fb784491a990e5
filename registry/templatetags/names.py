"""Names as lists show them."""

from django import template

from registry.names import mask_name

register = template.Library()


@register.filter
def masked(name: str) -> str:
    """张小海 → 张*海, 李明 → 李*, 欧阳娜娜 → 欧阳*."""
    return mask_name(name)
