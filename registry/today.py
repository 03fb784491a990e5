"""A worker's day 今日: what waits in his or her grids, in the order of urgency.

The same for one grid, two or seven, for the responsible worker, a deputy and the league group leader: what counts is
where the person may see youths. A fixed number of statements, whatever there is to do.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from grids.models import Alert, Grid, User
from grids.permissions import Permission
from grids.scope import within

from .board import Column, Figure, Row, youth_counts
from .candidate_rows import FOR_A_ROW, rows_of
from .candidate_rows import Row as CandidateRow
from .filters.youths import DUE_SOON_DAYS
from .models import Candidate, Enrolment, Handover, Residence, Youth
from .person import REVIEW_SOON
from .readings import Id

MOST_VISITS = 20
MOST_HANDOVERS = 20
MOST_REVIEWS = 5
MOST_CANDIDATES = 5

_COLUMNS = [
    Column("waiting", "待接收", "handovers", {"direction": "in"}, "soon"),
    Column("overdue", "走访逾期", "youths", {"visit_due": "overdue"}, "late", "逾期"),
    Column("today", "今天走访", "youths", {"visit_due": "today"}, "soon", "今天"),
    Column(
        "week", f"{DUE_SOON_DAYS} 天内走访", "youths", {"visit_due": "week"}, short=f"{DUE_SOON_DAYS} 天内"
    ),
]
_OPEN = Column("open", "在管", "youths", {})


@dataclass(frozen=True)
class Visit:
    """A visit that is due: whom, and at which door ("" when the person does not live in the reader's grids)."""

    youth: Youth
    door: str


@dataclass(frozen=True)
class Astray:
    """A file whose person lives elsewhere than the grid that answers, and the handover that did not settle it."""

    youth: Youth
    handover: Handover | None


class Today:
    """The page's material for one person."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.today = timezone.localdate()
        self.sight = user.prefixes(Permission.SEE_YOUTHS)

    @cached_property
    def _counts(self) -> dict[str, dict[str, int]]:
        """Grid → figure → how many; two statements."""
        youths = Youth.objects.visible_to(self.user).annotate(place=F("grid_id"))
        counts = youth_counts(youths, [], self.today)
        for grid, number in self._waiting.order_by().values_list("to_grid_id").annotate(Count("id")):
            counts.setdefault(grid, {})["waiting"] = number
        return counts

    @property
    def _waiting(self) -> Any:
        """Open handovers into the person's grids."""
        return Handover.objects.visible_to(self.user).open().into(self.sight)

    @cached_property
    def figures(self) -> list[Figure]:
        """The row on top. Each opens a list that is as long as it says."""
        sums = {c.key: sum(found.get(c.key, 0) for found in self._counts.values()) for c in _COLUMNS}
        return [
            *(column.figure(sums[column.key], "") for column in _COLUMNS),
            Figure("去向待查", len(self.astray), "#astray", "soon" if self.astray else ""),
            Figure("待复核", self.review_count, reverse("enrolments")),
        ]

    @cached_property
    def grids(self) -> list[Row]:
        """Figures grid by grid, for whoever has several."""
        grids = list(
            Grid.objects.filter(within("code", self.sight), retired_on=None).select_related("community")
        )
        if len(grids) < 2:
            return []
        several = len({grid.community_id for grid in grids}) > 1
        columns = [_OPEN, *_COLUMNS]
        return [
            Row(
                grid.code,
                f"{grid.community} {grid}" if several else str(grid),
                [
                    column.figure(self._counts.get(grid.code, {}).get(column.key, 0), grid.code)
                    for column in columns
                ],
            )
            for grid in grids
        ]

    @cached_property
    def handovers(self) -> list[Handover]:
        """Open handovers into the person's grids of which no own alert tells (a deputy's), the most urgent first."""
        if not any("waiting" in found for found in self._counts.values()):
            return []
        mine = Alert.objects.of(self.user).open().filter(kind=Alert.Kind.HANDOVER_OFFERED)
        told = [key.split(":")[1] for key in mine.values_list("event_key", flat=True)]
        rows = self._waiting.exclude(pk__in=told).select_related(
            "youth", "move__to_dwelling", "from_grid__community", "to_grid"
        )
        return list(rows.order_by("due_at", "id")[:MOST_HANDOVERS])

    @cached_property
    def astray(self) -> list[Astray]:
        """Open files whose person lives in another grid, or outside the city, with no handover under way."""
        moving = Handover.objects.open().filter(youth=OuterRef("pk"))
        youths = (
            Youth.objects.visible_to(self.user).open().exclude(lives_in=F("grid_id")).exclude(Exists(moving))
        )
        rows = list(youths.select_related("grid").order_by("next_due_on", "id"))
        if not rows:
            return []
        ended = Handover.objects.visible_to(self.user).filter(youth__in=[youth.pk for youth in rows])
        latest = {handover.youth_id: handover for handover in ended.order_by("offered_at")}
        return [Astray(youth, latest.get(youth.pk)) for youth in rows]

    @cached_property
    def candidates(self) -> list[CandidateRow]:
        """Candidates that nobody has visited yet, the longest waiting first."""
        waiting = Candidate.objects.as_seen_by(self.user).to_visit().select_related(*FOR_A_ROW)
        return rows_of(self.user, list(waiting.order_by("suggested_on", "id")[:MOST_CANDIDATES]))

    @cached_property
    def visits(self) -> list[Visit]:
        """Visits overdue and due within the week, the longest overdue first."""
        soon = self.today + timedelta(days=DUE_SOON_DAYS)
        due = Youth.objects.visible_to(self.user).open().filter(next_due_on__lte=soon)
        youths = list(due.select_related("grid").order_by("next_due_on", "id")[:MOST_VISITS])
        homes = Residence.objects.visible_to(self.user).current()
        homes = homes.filter(resident__in=[youth.resident_id for youth in youths]).select_related("dwelling")
        doors = {home.resident_id: str(home.dwelling) for home in homes}
        return [Visit(youth, doors.get(youth.resident_id, "")) for youth in youths]

    @property
    def named(self) -> list[Id]:
        """Whom the page names: files, and the residents of candidates."""
        return [
            *(handover.youth_id for handover in self.handovers),
            *(astray.youth.pk for astray in self.astray),
            *(visit.youth.pk for visit in self.visits),
            *(enrolment.youth_id for enrolment in self.reviews),
            *(row.candidate.resident_id for row in self.candidates),
        ]

    @property
    def visit_count(self) -> int:
        return sum(found["overdue"] + found["week"] for found in self._counts.values() if "open" in found)

    @property
    def _reviews(self) -> Any:
        """Open enrolments to be reviewed, but for private ones whose reason the person must not know."""
        known = within("youth__grid_id", self.user.prefixes(Permission.KNOW_REASONS))
        mine = Enrolment.objects.visible_to(self.user, Permission.ENROL).open()
        return mine.filter(Q(category__is_private=False) | known, review_on__lte=self.today + REVIEW_SOON)

    @cached_property
    def review_count(self) -> int:
        return int(self._reviews.count())

    @cached_property
    def reviews(self) -> list[Enrolment]:
        if not self.review_count:
            return []
        return list(
            self._reviews.select_related("youth", "category").order_by("review_on", "id")[:MOST_REVIEWS]
        )
