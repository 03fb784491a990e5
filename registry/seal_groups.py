"""What can be chosen for sealing 封存 beside the register's own: groups that a higher app hands over when it starts."""

from collections.abc import Callable
from dataclasses import dataclass

from .models import Youth

Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Group:
    """`offered`: (key, words) of what one file has, reached through the file.

    `takes`: (table, condition on its rows `t`) in the order in which rows go, with %(chosen)s, the keys as text, and
    %(youth)s. Alerts about them are among the tables.
    """

    key: str
    label: str
    help_text: str
    offered: Callable[[Youth], Choices]
    takes: tuple[tuple[str, str], ...]


GROUPS: dict[str, Group] = {}


def offer(group: Group) -> None:
    GROUPS[group.key] = group
