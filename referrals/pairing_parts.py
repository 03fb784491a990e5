"""What other pages show of pairings 结对帮扶: the person's page those of the youth, the day pages what is due."""

from django.db.models import Count

from grids.models import User
from grids.permissions import Permission
from registry.parts import Part
from registry.person import PersonFile

from .models import Pairing
from .pairing_list import condition
from .pairings import pairings_of

MOST = 20


def of_person(person: PersonFile) -> Part | None:
    """The youth's pairings, for whoever has the file in sight; a grant 临时授权 does not reach here."""
    if not person.in_sight:
        return None
    found = list(pairings_of(person.youth).select_related("consent")[:MOST])
    for pairing in found:
        pairing.youth = person.youth
    leads = person.user.may_in(Permission.LEAD_CASES, person.youth.grid_id)
    context = {"pairings": found, "may_pair": person.may_work and leads}
    running = sum(not pairing.is_ended for pairing in found)
    return Part(
        "referrals/pairings/_of_youth.html", context, anchor="pairings", title="结对帮扶", count=running
    )


def of_day(user: User) -> Part | None:
    """For whoever leads cases: how many in the area are due, and how many must be ended. Counts open into names."""
    if not user.may(Permission.LEAD_CASES):
        return None
    mine = Pairing.objects.visible_to(user, Permission.LEAD_CASES).filter(ends_on=None).order_by()
    waiting = mine.aggregate(
        due=Count("id", filter=condition("due")), stopped=Count("id", filter=condition("stopped"))
    )
    return Part("referrals/pairings/_of_day.html", {"waiting": waiting}) if any(waiting.values()) else None
