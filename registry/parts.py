"""Parts of the pages of this app that higher apps bring: an app says so when it starts.

A part holds a template and its context. It is asked for when the page is drawn, inside the page's transaction; what it
names beyond the page's own people it would have to record, so it names nobody else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grids.models import User

if TYPE_CHECKING:
    from .person import PersonFile


@dataclass(frozen=True)
class Part:
    """`anchor`, `title`, `count`: its line in the contents of the person's page. None as count: no figure there."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    anchor: str = ""
    title: str = ""
    count: int | None = None


OfPerson = Callable[["PersonFile"], Part | None]
OfDay = Callable[[User], Part | None]
_of_person: list[OfPerson] = []
_of_day: list[OfDay] = []


def on_person_page(maker: OfPerson) -> None:
    """Have this part stand on the person's page 一人一档, after the needs; None for a reader who has none."""
    _of_person.append(maker)


def on_day_page(maker: OfDay) -> None:
    """Have this part stand on the day pages 今日 and 工作台, above the alerts; None when there is nothing to say."""
    _of_day.append(maker)


def of_person(person: "PersonFile") -> list[Part]:
    return [part for maker in _of_person if (part := maker(person))]


def of_day(user: User) -> list[Part]:
    return [part for maker in _of_day if (part := maker(user))]
