"""Candidates 线索 as lists show them: topic and reason only to those who may know them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from grids.models import User
from grids.permissions import Permission

from .candidates import is_told_to
from .models import Candidate, Presence
from .models.youths import age_on
from .reasons import CARE

FOR_A_ROW = ("resident", "category", "grid__community__parent__parent")


@dataclass(frozen=True)
class Row:
    """One candidate as a list shows it; topic and reason only to those who may know them."""

    candidate: Candidate
    age: int
    topic: str
    reason: str
    place: str
    door: str
    is_told: bool
    is_to_do: bool


def rows_of(user: User, found: list[Candidate], *, skip: int = 0) -> list[Row]:
    """The rows of some candidates in scope; one statement for their doors."""
    doors = doors_of(user, [candidate.resident_id for candidate in found])
    return [row_of(user, one, door=doors.get(one.resident_id, ""), place=_place(one, skip)) for one in found]


def doors_of(user: User, residents: Iterable[int]) -> dict[int, str]:
    """Resident → door, of those who live where the user sees youths (one statement).

    By presence, whose key the resident is: asked for residences, the planner reads every door of the area.
    """
    homes = Presence.objects.visible_to(user, Permission.SEE_YOUTHS).filter(pk__in=residents)
    door = [f"dwelling__{name}" for name in ("estate", "building", "unit", "room", "address")]
    found = homes.select_related("dwelling").only("resident", *door)
    return {home.resident_id: str(home.dwelling) for home in found}


def _place(candidate: Candidate, skip: int) -> str:
    community = candidate.grid.community
    street = community.parent
    district = street.parent if street else None
    names = [str(district or ""), str(street or ""), str(community), str(candidate.grid)]
    return " · ".join(names[skip:])


def row_of(user: User, candidate: Candidate, *, door: str, place: str = "") -> Row:
    """One candidate in scope, with its resident and its category."""
    told = is_told_to(candidate, user)
    return Row(
        candidate=candidate,
        age=age_on(candidate.resident.birth_on, timezone.localdate()),
        topic=topic_words(candidate) if told else CARE,
        reason=candidate.reason if told else "",
        place=place,
        door=door,
        is_told=told,
        is_to_do=candidate.state == Candidate.State.OPEN and candidate.visited_at is None,
    )


def topic_words(candidate: Candidate) -> str:
    """留守, 事实无人抚养儿童, 闲散 · 拟退出."""
    name = candidate.category.short_name if candidate.category else str(candidate.get_help_kind_display())
    return f"{name} · 拟退出" if candidate.kind == Candidate.Kind.LEAVE else name
