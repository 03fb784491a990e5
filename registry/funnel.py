"""The funnel of candidates 线索: suggested → verified → enrolled → helped, by division; each figure opens into names.

Counted by the conditions of the list that a figure opens (registry/filters/candidates.py). Where the reader must not
know the reasons, only what he or she may know is counted.
"""

from typing import Any

from django.db.models import Count

from grids.models import User
from grids.permissions import Permission

from .board import Board, Column, Row, children_of, place_of
from .filters.candidates import STATES, STEPS, state_condition
from .filters.places import Places
from .models import Candidate
from .models.candidates import told_to

_LABELS = dict(STATES) | {"suggested": "提出"}
_COLUMNS = [
    Column(step, _LABELS[step], "candidates", {"kind": Candidate.Kind.ENTER.value, "state": step})
    for step in STEPS
]


def funnel_of(user: User, places: Places) -> Board:
    """The figures of these places together, and of each division one level below; one statement."""
    told = told_to(user)
    entering: Any = Candidate.objects.visible_to(user, Permission.SEE_YOUTHS).filter(
        kind=Candidate.Kind.ENTER
    )
    numbers = {f"n_{step}": Count("id", filter=state_condition(step, told)) for step in STEPS}
    rows = entering.annotate(place=place_of(places)("grid_id")).exclude(place=None).order_by().values("place")
    counts = {row.pop("place"): row for row in rows.annotate(**numbers)}
    totals = {step: sum(found[f"n_{step}"] for found in counts.values()) for step in STEPS}
    return Board(
        scope_label=places.scope_label,
        columns=_COLUMNS,
        rows=[
            Row(
                code,
                places.label(code),
                [c.figure(counts.get(code, {}).get(f"n_{c.key}", 0), code) for c in _COLUMNS],
            )
            for code in children_of(places)
        ],
        totals=[column.figure(totals[column.key], places.wanted) for column in _COLUMNS],
    )
