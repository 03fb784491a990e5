"""Scope as ranges on codes: a code's prefix is its ancestor, so a scope is a list of prefixes.

Always a range, never LIKE: `grid_id >= '340207' AND grid_id < '340208'` walks an index in order.
"""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db.models import Q


def prefix_range(prefix: str) -> tuple[str, str]:
    """The half-open range of all codes that begin with `prefix` (digits): ("340207", "340208")."""
    if not prefix.isascii() or not prefix.isdigit():
        raise ValueError(f"not a division or grid code: {prefix!r}")
    # ":" follows "9" in the C collation, so the range of "99" ends at "9:".
    return prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)


def widest(prefixes: Iterable[str]) -> list[str]:
    """The same reach without prefixes that lie inside another: ["3402", "340207"] → ["3402"]."""
    kept: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return kept


def within(field: str, prefixes: Iterable[str]) -> Q:
    """A condition: the code in `field` lies under one of the prefixes. No prefix: nothing does."""
    conditions = []
    for prefix in widest(prefixes):
        low, high = prefix_range(prefix)
        conditions.append(Q(**{f"{field}__gte": low, f"{field}__lt": high}))
    return reduce(or_, conditions) if conditions else Q(pk__in=[])


def covers(prefixes: Iterable[str], code: str) -> bool:
    """Whether one of the prefixes is the code or an ancestor of it."""
    return any(code.startswith(prefix) for prefix in prefixes)
