"""The course of a pairing 结对帮扶 in one order, steps and contacts; and what the mentor was told."""

from dataclasses import dataclass
from datetime import date, datetime

from registry.models import DisclosedPerson

from .models import Pairing


@dataclass(frozen=True)
class Event:
    at: datetime
    on: date | None  # of a contact
    label: str
    who: str
    text: str
    is_contact: bool = False


def timeline(pairing: Pairing) -> list[Event]:
    """The latest first."""
    steps = [
        Event(step.at, None, str(step.get_kind_display()), step.by.name, step.text or "")
        for step in pairing.steps.select_related("by")
    ]
    contacts = [
        Event(each.at, each.on, str(each.get_how_display()), each.by.name, each.text, is_contact=True)
        for each in pairing.contacts.select_related("by")
    ]
    return sorted([*steps, *contacts], key=lambda event: event.at, reverse=True)


def told_words(pairing: Pairing) -> str:
    """What the mentor was told of the person, "" when nothing was."""
    if pairing.disclosure_id is None:
        return ""
    named: DisclosedPerson | None = (
        pairing.youth.disclosures.filter(disclosure=pairing.disclosure_id)
        .select_related("disclosure")
        .first()
    )
    return named.disclosure.fields_words if named else ""
