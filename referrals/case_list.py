"""What `/cases/` shows: own, due, proposed, ended ones; by division and by agency, with counts."""

from functools import cached_property
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q
from django.http import Http404, QueryDict
from django.utils import timezone

from grids.models import User
from grids.paging import Page, read_page
from grids.permissions import Permission
from grids.scope import within
from registry.filters.places import Places

from .models import Agency, Case, Referral
from .models.cases import ENDED, RUNNING, CaseQuerySet

STATES = {
    "mine": "我牵头的",
    "running": "进行中",
    "due": "到期和逾期",
    "proposed": "待立案",
    "ended": "已结束",
}
_ROW = ("youth", "youth__grid__community", "owner")


def condition(state: str, user: User) -> Q:
    if state == "mine":
        return Q(owner=user, state__in=RUNNING)
    if state == "due":
        return Q(state__in=RUNNING, due_on__lte=timezone.localdate())
    if state == "ended":
        return Q(state__in=ENDED)
    return Q(state=state) if state == "proposed" else Q(state__in=RUNNING)


class CaseList:
    def __init__(self, user: User, params: QueryDict) -> None:
        self.user, self.params = user, params
        self.places = Places(user.prefixes(Permission.SEE_YOUTHS), params.get("division", ""))
        self.leads = user.may(Permission.LEAD_CASES)

    @cached_property
    def state(self) -> str:
        """What was asked for; else one's own, where there are any."""
        wanted = self.params.get("state", "")
        if wanted in STATES:
            return wanted
        return "mine" if any(key == "mine" and number for key, _, number in self.states) else "running"

    @cached_property
    def agency(self) -> Agency | None:
        """Whose caseload is asked for; one that the reader cannot know is as missing as one that is not there."""
        name = self.params.get("agency", "")
        if not name:
            return None
        try:
            found = Agency.objects.known_to(self.user).filter(pk=UUID(name)).first()
        except ValueError:
            found = None
        if found is None:
            raise Http404
        return found

    @cached_property
    def among(self) -> CaseQuerySet:
        found: CaseQuerySet = Case.objects.visible_to(self.user)
        found = found.filter(within("youth__grid_id", self.places.areas)) if self.places.wanted else found
        if self.agency is not None:
            asked = Referral.objects.visible_to(self.user).filter(case=OuterRef("pk"), agency=self.agency)
            found = found.filter(Exists(asked))
        return found

    @cached_property
    def page(self) -> Page[Case]:
        ended = self.state == "ended"
        chosen = self.among.filter(condition(self.state, self.user)).annotate(
            asked_count=Count("referrals"),
            waiting_count=Count(
                "referrals", filter=Q(referrals__state__in=["sent", "accepted", "in_progress"])
            ),
        )
        column = "created_at" if ended else "due_on"
        return read_page(
            chosen.select_related(*_ROW), self.params, column, descending=ended, among=self.among
        )

    @cached_property
    def states(self) -> list[tuple[str, str, int]]:
        """(code, label, how many) in one statement."""
        keys = [key for key in STATES if key != "mine" or self.leads]
        numbers = {f"n_{key}": Count("id", filter=condition(key, self.user)) for key in keys}
        found = self.among.aggregate(**numbers)
        return [(key, STATES[key], found[f"n_{key}"]) for key in keys]

    @property
    def count(self) -> int:
        return next((number for key, _, number in self.states if key == self.state), 0)
