"""Moves 迁移: moved in, moved out, by division and period, as names."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from grids.models import Grid, User
from grids.models.staff import acting_user
from grids.paging import read_page
from grids.permissions import Permission, requires
from grids.scope import covers

from .. import readings
from ..board import place_of
from ..filters.moves import DIRECTIONS, MoveFilter, counts_by_place, direction_counts
from ..filters.places import Places
from ..models import Dwelling, Handover, Move, Reading
from ..models.youths import age_on
from ..person import county_names
from ..snapshots import snapshot

_FOR_A_ROW = (
    "resident__youth",
    "from_dwelling",
    "to_dwelling",
    "from_grid__community__parent__parent",
    "to_grid__community__parent__parent",
    "source",
    "reported_by",
)


@dataclass(frozen=True)
class Row:
    """One move as the reader may see it. `url`: the file when it is in scope, else the handover, else ""."""

    move: Move
    age: int
    direction: str
    source: str
    left: str
    reached: str
    handover: Handover | None
    url: str


@requires(Permission.SEE_YOUTHS)
@require_safe
def moves(request: HttpRequest) -> HttpResponse:
    """Who moved in, out or within, newest first; counts by direction and by next-level division beside it."""
    user = acting_user(request.user)
    with snapshot(recorded=True):
        places = Places(user.prefixes(Permission.SEE_YOUTHS), request.GET.get("division", ""))
        form = MoveFilter(request.GET, places=places, all_people=user.may(Permission.SEARCH_PEOPLE))
        context = {"form": form, "places": places} | (_listed(request, user, form) if form.is_valid() else {})
        status = 200 if form.is_valid() else 422
        return render(request, "registry/moves/moves.html", context, status=status)


def _listed(request: HttpRequest, user: User, form: MoveFilter) -> dict[str, Any]:
    """One page of the list and its counts."""
    mine = Move.objects.visible_to(user)
    of_period, places = form.of_period(mine), form.places
    directions = direction_counts(of_period, places.areas)
    rows = form.listed(mine)
    page = read_page(rows, request.GET, "moved_on", descending=True, among=mine, joined=_FOR_A_ROW)
    named = [move.resident_id for move in page.rows]
    readings.record(request, what=Reading.Subject.RESIDENT, ids=named, purpose="迁入迁出")
    return {
        "page": page,
        "rows": _rows(user, page.rows, places.areas),
        "division_label": places.label(places.wanted),
        "count": directions[form.direction_],
        "direction": form.direction_,
        "directions": [(key, label, directions[key]) for key, label in [("", "全部"), *DIRECTIONS]],
        "divisions": _by_division(of_period, places, form.direction_),
    }


def _by_division(moves: Any, places: Places, direction: str) -> list[tuple[str, str, int]]:
    """(code, name, how many) of each place one level below that has any."""
    if len(places.base) == 15:
        return []
    counts = counts_by_place(moves, place_of(places))
    found = [(code, places.label(code), counts[code][direction]) for code in sorted(counts)]
    return [row for row in found if row[2]]


def _rows(user: User, found: list[Move], areas: list[str]) -> list[Row]:
    handovers = {
        handover.move_id: handover
        for handover in Handover.objects.visible_to(user).filter(move__in=[move.pk for move in found])
    }
    counties = county_names({move.destination_code for move in found} - {""})
    return [_row(user, move, areas, handovers.get(move.pk), counties) for move in found]


def _row(
    user: User, move: Move, areas: list[str], handover: Handover | None, counties: dict[str, str]
) -> Row:
    sight = user.prefixes(Permission.SEE_YOUTHS)
    youth = getattr(move.resident, "youth", None)
    if youth is not None and covers(sight, youth.grid_id):
        url = reverse("youth", args=[youth.pk])
    else:
        url = reverse("handover", args=[handover.pk]) if handover else ""
    abroad = counties.get(move.destination_code, "外地" if move.to_grid is None else "")
    return Row(
        move=move,
        age=age_on(move.resident.birth_on, timezone.localdate()),
        direction=_direction(move, areas),
        source=str(move.source or move.reported_by or "登记"),
        left=end_of(move.from_grid, move.from_dwelling, sight) or "外地",
        reached=end_of(move.to_grid, move.to_dwelling, sight) or abroad,
        handover=handover,
        url=url,
    )


def _direction(move: Move, areas: list[str]) -> str:
    """迁入, 迁出 or 区域内搬迁, as seen from the areas of the list."""
    reached, left = (bool(code) and covers(areas, str(code)) for code in (move.to_grid_id, move.from_grid_id))
    key = "within" if reached and left else "in" if reached else "out"
    return dict(DIRECTIONS)[key]


def end_of(grid: Grid | None, dwelling: Dwelling | None, sight: list[str]) -> str:
    """One end of a move in words: the door inside the reader's areas, else the community; "" for nowhere."""
    if grid is None:
        return ""
    if dwelling is not None and covers(sight, grid.code):
        return f"{grid.community} {dwelling}"
    street = grid.community.parent
    district = street.parent if street else None
    return f"{district or ''}{grid.community}"
