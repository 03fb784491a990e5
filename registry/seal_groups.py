"""What can be chosen for sealing 封存 beside the register's own: groups that a higher app hands over when it starts."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.text import Truncator

from .models import Youth

_WORDS = 60
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


_CHOSEN = (
    "SELECT p.disclosure_id FROM registry_disclosedperson p WHERE p.youth_id = %(youth)s"
    " AND p.disclosure_id::text = ANY (%(chosen)s::text[]) AND NOT EXISTS (SELECT FROM registry_disclosedperson o"
    " WHERE o.disclosure_id = p.disclosure_id AND o.youth_id <> p.youth_id)"
)


def _given(youth: Youth) -> Choices:
    """The disclosures about this person alone; one about several tells of all of them, and of nobody's record."""
    rows = youth.disclosures.select_related("disclosure").prefetch_related("disclosure__persons")
    acts = (row.disclosure for row in rows if len(row.disclosure.persons.all()) == 1)
    return [(str(act.pk), f"{act}：{Truncator(act.why).chars(_WORDS)}") for act in acts]


# The register's own, beside those that have a field each (registry/forms/seals.py).
DISCLOSURES = Group(
    key="disclosures",
    label="提供记录",
    help_text="因这件事向别的单位提供信息的记录。",
    offered=_given,
    # The act first: both are found by the row that names the person.
    takes=(
        ("registry_disclosure", f"t.id IN ({_CHOSEN})"),
        ("registry_disclosedperson", f"t.disclosure_id IN ({_CHOSEN})"),
    ),
)
GROUPS: dict[str, Group] = {DISCLOSURES.key: DISCLOSURES}


def offer(group: Group) -> None:
    GROUPS[group.key] = group
