"""The two dates of a file, next visit and last verification, as they would be without the acts that are sealed 封存."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

# What follows in the same act is written within so long.
SAME_ACT = timedelta(seconds=60)


@dataclass(frozen=True)
class Past:
    """What a history row of the file says of its two dates."""

    id: int
    at: datetime
    by: int | None
    why: str | None
    next_due_on: Any
    last_verified_on: Any


def rows_of(acts: list[tuple[str, int | None, str]], past: list[Past]) -> set[int]:
    """The history rows that these acts (moment, by whom, our phrase for it) wrote on the file."""
    gone: set[int] = set()
    for moment, by, why in acts:
        began = datetime.fromisoformat(moment)
        for row in past:
            same = row.by == by and row.why == why and began <= row.at <= began + SAME_ACT
            if same and row.id not in gone:
                gone.add(row.id)
                break
    return gone


def without(past: list[Past], gone: set[int], base: Past) -> list[Past]:
    """The rows that stay, with each date as the acts that stay have set it. `base`: where the first of all is gone."""
    kept: list[Past] = []
    before: Past | None = None
    for row in past:
        if row.id not in gone:
            last = kept[-1] if kept else base
            dates = {
                name: getattr(last, name)
                for name in ("next_due_on", "last_verified_on")
                if before is not None and getattr(row, name) == getattr(before, name)
            }
            kept.append(replace(row, **dates))
        before = row
    return kept
