"""A worker's day 今日: what waits in his or her grids, in the order of urgency.

The same for one grid, two or seven, for the responsible worker, a deputy and the league group leader: what counts is
where the person may see youths. A fixed number of statements, whatever there is to do.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Q, Window
from django.urls import reverse
from django.utils import timezone

from grids.models import Alert, Grid, User
from grids.permissions import Permission
from grids.scope import covers, within

from .board import Column, Figure, Row
from .candidate_rows import Row as CandidateRow
from .candidate_rows import doors_of, row_of
from .filters.youths import DUE_SOON_DAYS
from .models import Candidate, Enrolment, Handover, Youth
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


class File(NamedTuple):
    """What is read of every open file in sight, a few hundred at most: enough to count them and to choose from them."""

    next_due_on: date
    id: UUID
    grid: str
    lives_in: str


class Open(NamedTuple):
    """An open handover from or to the person's grids."""

    id: UUID
    youth: UUID
    to_grid: str | None


@dataclass(frozen=True)
class Visit:
    """A visit that is due: whom, and where (the grid when the person does not live in the reader's grids)."""

    youth: Youth
    place: str
    url: str  # the file
    visit_url: str  # where the visit is written down


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

    # --- What is read once and told from several sides

    @cached_property
    def _files(self) -> list[File]:
        """The open files, the longest overdue first."""
        files: Any = Youth.objects.visible_to(self.user).open().order_by("next_due_on", "id")
        return [File(*row) for row in files.values_list("next_due_on", "id", "grid_id", "lives_in")]

    @cached_property
    def _open_handovers(self) -> list[Open]:
        found = Handover.objects.visible_to(self.user).open().order_by()
        return [Open(*row) for row in found.values_list("id", "youth_id", "to_grid_id")]

    @cached_property
    def _waiting(self) -> list[Open]:
        """Those into the person's grids."""
        return [one for one in self._open_handovers if one.to_grid and covers(self.sight, one.to_grid)]

    @cached_property
    def _grids(self) -> dict[str, Grid]:
        found = Grid.objects.filter(within("code", self.sight)).select_related("community").order_by("code")
        return {grid.code: grid for grid in found.only("name", "retired_on", "community__name")}

    @cached_property
    def _chosen(self) -> dict[UUID, Youth]:
        """The files of the lists below, with what these say of them."""
        chosen = [file.id for file in [*self._due[:MOST_VISITS], *self._astray]]
        rows = Youth.objects.visible_to(self.user).filter(pk__in=chosen)
        return rows.only(
            "name", "birth_on", "grade", "last_verified_on", "next_due_on", "grid", "resident"
        ).in_bulk()

    @cached_property
    def _doors(self) -> dict[int, str]:
        """Resident → door, of those whom the lists name and who live in the person's grids."""
        named = {self._chosen[file.id].resident_id for file in self._due[:MOST_VISITS]}
        named |= {candidate.resident_id for candidate in self._candidates}
        return doors_of(self.user, named)

    # --- Figures

    @cached_property
    def _counts(self) -> dict[str, dict[str, int]]:
        """Grid → figure → how many."""
        counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for file in self._files:
            found = counts[file.grid]
            found["open"] += 1
            found["overdue"] += file.next_due_on < self.today
            found["today"] += file.next_due_on == self.today
            found["week"] += self.today <= file.next_due_on <= self._soon
        for handover in self._waiting:
            counts[str(handover.to_grid)]["waiting"] += 1
        return counts

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
        grids = [grid for grid in self._grids.values() if grid.retired_on is None]
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

    # --- Lists

    @cached_property
    def handovers(self) -> list[Handover]:
        """Open handovers into the person's grids of which no own alert tells (a deputy's), the most urgent first."""
        if not self._waiting:
            return []
        mine = Alert.objects.of(self.user).open().filter(kind=Alert.Kind.HANDOVER_OFFERED).order_by()
        told = {key.split(":")[1] for key in mine.values_list("event_key", flat=True)}
        untold = [one.id for one in self._waiting if str(one.id) not in told]
        if not untold:
            return []
        rows = Handover.objects.visible_to(self.user).filter(pk__in=untold)
        rows = rows.select_related("youth", "move__to_dwelling", "from_grid__community", "to_grid")
        return list(rows.order_by("due_at", "id")[:MOST_HANDOVERS])

    @cached_property
    def _astray(self) -> list[File]:
        moving = {one.youth for one in self._open_handovers}
        return [file for file in self._files if file.lives_in != file.grid and file.id not in moving]

    @cached_property
    def astray(self) -> list[Astray]:
        """Open files whose person lives in another grid, or outside the city, with no handover under way."""
        if not self._astray:
            return []
        ended = Handover.objects.visible_to(self.user).filter(youth__in=[file.id for file in self._astray])
        ended = ended.only("youth", "state", "return_reason", "note", "ended_at").order_by("offered_at")
        latest = {handover.youth_id: handover for handover in ended}
        return [Astray(self._chosen[file.id], latest.get(file.id)) for file in self._astray]

    @cached_property
    def _candidates(self) -> list[Candidate]:
        waiting = Candidate.objects.as_seen_by(self.user).to_visit().order_by("suggested_on", "id")
        said = ("resident__name", "resident__birth_on", "category__short_name", "help_kind", "kind")
        rows = waiting.select_related("resident", "category").only(
            *said, "is_quiet", "grid", "reason", "state", "visited_at", "suggested_on"
        )
        return list(rows[:MOST_CANDIDATES])

    @cached_property
    def candidates(self) -> list[CandidateRow]:
        """Candidates that nobody has visited yet, the longest waiting first; at which door, or in which grid."""
        return [
            row_of(self.user, one, door=self._doors.get(one.resident_id) or str(self._grids[one.grid_id]))
            for one in self._candidates
        ]

    @property
    def _soon(self) -> date:
        return self.today + timedelta(days=DUE_SOON_DAYS)

    @cached_property
    def _due(self) -> list[File]:
        return [file for file in self._files if file.next_due_on <= self._soon]

    @cached_property
    def visits(self) -> list[Visit]:
        """Visits overdue and due within the week, the longest overdue first."""
        youths = [self._chosen[file.id] for file in self._due[:MOST_VISITS]]
        files, visit = reverse("youths"), reverse("visit_new")
        return [
            Visit(
                youth=youth,
                place=self._doors.get(youth.resident_id) or str(self._grids[youth.grid_id]),
                url=f"{files}{youth.pk}/",  # the address `youth`
                visit_url=f"{visit}?youth={youth.pk}",
            )
            for youth in youths
        ]

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
        return len(self._due)

    @property
    def review_count(self) -> int:
        return int(self.reviews[0].of_all) if self.reviews else 0  # type: ignore[attr-defined]  # an annotation

    @cached_property
    def reviews(self) -> list[Enrolment]:
        """The first open enrolments to be reviewed, but for private ones whose reason the person must not know."""
        known = within("youth__grid_id", self.user.prefixes(Permission.KNOW_REASONS))
        mine = Enrolment.objects.visible_to(self.user, Permission.ENROL).open()
        due = mine.filter(Q(category__is_private=False) | known, review_on__lte=self.today + REVIEW_SOON)
        rows = due.select_related("youth", "category").only("review_on", "youth__name", "category__name")
        return list(rows.annotate(of_all=Window(Count("*"))).order_by("review_on", "id")[:MOST_REVIEWS])
