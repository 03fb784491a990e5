"""What lists of the people-and-housing register show of a person and a door; of a file only to whom it opens."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from grids.models import Grid, User
from grids.permissions import Permission

from ..codes import Relation, Sex, label_of
from ..models import Dwelling, Youth
from ..models.youths import age_on
from ..public_ids import public_id
from .places import short_name


@dataclass(frozen=True)
class Person:
    """Somebody who lives there, as lists show it. `file` only ever holds a file that the reader may open."""

    id: UUID
    name: str
    sex: str
    age: int
    relation: str
    since_on: date
    is_meant: bool = True
    file: UUID | None = None


@dataclass(frozen=True)
class Door:
    id: UUID
    name: str
    place: str


@dataclass(frozen=True)
class Row:
    """A door with the people of it that the list is about; `people_count` and so on for a list of doors."""

    door: Door
    people: list[Person] = field(default_factory=list)
    people_count: int = 0
    household_count: int = 0
    child_count: int = 0

    @property
    def since_on(self) -> date:
        """Since when the one who is here longest has been here."""
        return min(person.since_on for person in self.people)


def person_of(one: Any, *, is_meant: bool = True, file: UUID | None = None) -> Person:
    """A presence (with its resident) as a list shows it."""
    resident = one.resident
    return Person(
        public_id("resident", one.pk),
        resident.name,
        label_of(Sex, resident.sex),
        age_on(one.birth_on, timezone.localdate()),
        label_of(Relation, resident.relation) if resident.relation else "",
        one.since_on,
        is_meant,
        file,
    )


def files_of(user: User, residents: Iterable[int]) -> dict[int, UUID]:
    """Resident → the file that this reader may open; nothing, and no statement, for whoever sees no files."""
    if not user.may(Permission.SEE_YOUTHS):
        return {}
    files = Youth.objects.visible_to(user).filter(resident__in=list(residents))
    return dict(files.values_list("resident_id", "pk"))


def doors_of(dwellings: Iterable[Dwelling], *, skip: int) -> dict[int, Door]:
    """Dwelling → its door, without the first levels of its place; the names are read once a grid (one statement)."""
    doors = {dwelling.pk: dwelling for dwelling in dwellings}
    grids = Grid.objects.filter(pk__in={door.grid_id for door in doors.values()})
    places = {grid.pk: _names_of(grid)[skip:] for grid in grids.select_related("community__parent__parent")}
    return {
        pk: Door(public_id("dwelling", pk), str(door), " · ".join(places[door.grid_id]))
        for pk, door in doors.items()
    }


def place_names(dwelling: Dwelling) -> tuple[str, str, str, str]:
    """District, street, community and grid of a dwelling."""
    return _names_of(dwelling.grid)


def _names_of(grid: Grid) -> tuple[str, str, str, str]:
    community = grid.community
    street = community.parent
    district = street.parent if street else None
    return (str(district or ""), str(street or ""), short_name(community.name), str(grid))
