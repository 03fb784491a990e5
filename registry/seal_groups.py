"""What can be chosen for sealing 封存 beside the register's own: groups that a higher app hands over when it starts."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.text import Truncator

from .models import Youth

_WORDS = 60
Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Group:
    """`offered`: (key, words) of what one file has, reached through the file.

    `takes`: (table, condition on its rows `t`) in the order in which rows go, with %(chosen)s, the keys as text,
    %(youth)s and %(resident)s. Alerts about them are among the tables.
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
    return [(str(act.pk), f"{act}：{_short(act.why)}") for act in acts]


def _short(text: str) -> str:
    return Truncator(text).chars(_WORDS)


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
GRANTS = Group(
    key="grants",
    label="临时授权",
    help_text="理由里提到这件事的授权，连同提醒。",
    offered=lambda youth: [
        (str(grant.pk), f"{timezone.localdate(grant.asked_at)} {grant.holder}：{_short(grant.reason)}")
        for grant in youth.grants.select_related("holder")
    ],
    takes=(
        (
            "grids_alert",
            "t.subject_id = %(youth)s AND split_part(t.event_key, ':', 2) = ANY (%(chosen)s::text[])",
        ),
        ("registry_grant", "t.youth_id = %(youth)s AND t.id::text = ANY (%(chosen)s::text[])"),
    ),
)
REQUESTS = Group(
    key="requests",
    label="个人信息请求",
    help_text="请求或答复里提到这件事的。",
    offered=lambda youth: [
        (str(request.pk), f"{request.received_on} {request.get_kind_display()}：{_short(request.wants)}")
        for request in youth.resident.requests.all()
    ],
    takes=(
        (
            "grids_alert",
            (
                "starts_with(t.event_key, 'request:') AND split_part(t.event_key, ':', 2) IN (SELECT q.id::text"
                " FROM registry_personrequest q WHERE q.resident_id = %(resident)s"
                " AND q.id::text = ANY (%(chosen)s::text[]))"
            ),
        ),
        (
            "registry_personrequest",
            "t.resident_id = %(resident)s AND t.id::text = ANY (%(chosen)s::text[])",
        ),
    ),
)
GROUPS: dict[str, Group] = {group.key: group for group in (DISCLOSURES, GRANTS, REQUESTS)}


def offer(group: Group) -> None:
    GROUPS[group.key] = group
