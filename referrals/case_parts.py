"""What other pages show of cases 个案: the person's page those of the youth, the day pages what waits."""

from django.db.models import Count, Q
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from registry.parts import Part
from registry.person import PersonFile

from .cases import cases_of
from .models import Case
from .models.cases import RUNNING

MOST = 20
_WAITING = Q(referrals__state__in=["sent", "accepted", "in_progress"])


def of_person(person: PersonFile) -> Part | None:
    """The youth's cases, for whoever has the file in sight; a grant 临时授权 does not reach here."""
    if not person.in_sight:
        return None
    found = cases_of(person.youth).select_related("owner")
    cases = list(found.annotate(waiting_count=Count("referrals", filter=_WAITING))[:MOST])
    grid = person.youth.grid_id
    context = {
        "cases": cases,
        "may_open": person.may_work and person.user.may_in(Permission.PROPOSE_CASES, grid),
        "leads": person.user.may_in(Permission.LEAD_CASES, grid),
    }
    running = sum(case.is_unfinished for case in cases)
    return Part("referrals/cases/_of_youth.html", context, anchor="cases", title="个案", count=running)


def of_day(user: User) -> Part | None:
    """For whoever leads cases: own ones whose next step is due, and proposals in the area. Counts open into names."""
    if not user.may(Permission.LEAD_CASES):
        return None
    due = Q(owner=user, state__in=RUNNING, due_on__lte=timezone.localdate())
    mine = Case.objects.visible_to(user, Permission.LEAD_CASES).unfinished()
    waiting = mine.aggregate(due=Count("id", filter=due), proposed=Count("id", filter=Q(state="proposed")))
    return Part("referrals/cases/_of_day.html", {"waiting": waiting}) if any(waiting.values()) else None
