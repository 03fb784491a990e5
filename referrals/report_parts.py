"""What other pages show of reports 问题上报: the person's page its own, the day pages what waits in the area."""

from typing import Any

from grids.models import User
from registry.parts import Part
from registry.person import PersonFile

from . import reports
from .models import Report

MOST = 20


def of_person(person: PersonFile) -> Part | None:
    """Those about this youth, for whoever has the file in sight; a grant 临时授权 does not reach here."""
    if not person.in_sight:
        return None
    related: Any = person.youth  # the register's types do not know of us
    found: list[Report] = list(related.reports.select_related("found_by")[: MOST + 1])
    waiting = sum(report.is_new or report.is_untold for report in found)
    context = {"reports": found[:MOST], "has_more": len(found) > MOST}
    return Part(
        "referrals/reports/_of_youth.html", context, anchor="reports", title="问题上报", count=waiting
    )


def of_day(user: User) -> Part | None:
    waiting = reports.waiting(user)
    return Part("referrals/reports/_of_day.html", {"waiting": waiting}) if waiting else None
