"""What one person's page 一人一档 shows, gathered in a number of statements that does not depend on how much there is.

Everything here is reached through a file obtained in scope, and cut to what the reader may know (registry/reasons.py).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils import timezone

from grids.lending import Loan
from grids.models import County, Division, ResponsiblePerson, User
from grids.permissions import Permission

from .codes import FactKind, GuardianStatus, Relation, label_of
from .consents import Standing, by_purpose
from .models import (
    CheckRequest,
    DisclosedPerson,
    Enrolment,
    Fact,
    Grant,
    Guardianship,
    Handover,
    Move,
    Need,
    Residence,
    Resident,
    Visit,
    Youth,
)
from .models.youths import age_on
from .precedence import Statement, counting_ids, statements
from .reasons import CARE, PRIVATE_STATUSES, holds_for, knows_reasons, reason_loan, status_shown
from .timeline import Event, timeline
from .visits import visit_period

LATEST_VISITS = 10
LATEST_EVENTS = 8
REVIEW_SOON = timedelta(days=30)
# Stated about an adult parent for the child's sake; on that parent's own file they do not appear, whoever reads.
_NEVER_ON_OWN_FILE = (FactKind.IN_PRISON, FactKind.IN_DETOX, FactKind.DETAINED)


@dataclass(frozen=True)
class Guardian:
    name: str
    relation: str
    kind: str
    status: str
    place: str
    since: date
    is_private: bool  # only ever true for a reader who may know


@dataclass(frozen=True)
class Member:
    """Somebody of the same household 户; `file` is the id of an open file that the reader may open."""

    name: str
    relation: str
    age: int | None  # None for the dead
    lives: str
    is_self: bool
    file: UUID | None = None


@dataclass
class PersonFile:
    """The page's material for one reader."""

    youth: Youth
    user: User

    @cached_property
    def decides_reasons(self) -> bool:
        """By post: such a reader may also add and end a private category."""
        return knows_reasons(self.user, self.youth.grid_id)

    @cached_property
    def reason_loan(self) -> Loan | None:
        """The grant by which the reader knows the reasons, where the post does not."""
        return None if self.decides_reasons else reason_loan(self.user, self.youth)

    @property
    def knows(self) -> bool:
        return self.decides_reasons or self.reason_loan is not None

    @cached_property
    def in_sight(self) -> bool:
        """By post or grid, and not by a grant, which only reads."""
        return self.user.may_in(Permission.SEE_YOUTHS, self.youth.grid_id)

    @cached_property
    def look_loan(self) -> Loan | None:
        """The grant by which the reader has this page."""
        if self.in_sight:
            return None
        return next(
            (loan for loan in self.user.loans if loan.what != "reason" and holds_for(loan, self.youth)), None
        )

    @property
    def loans(self) -> list[Loan]:
        return [loan for loan in (self.look_loan, self.reason_loan) if loan]

    def purpose(self, words: str) -> str:
        """What the reading of this page says it was for: which grant, where one was needed."""
        return "、".join([words, *(f"临时授权 {loan.number}" for loan in self.loans)])

    @property
    def may_work(self) -> bool:
        """Whether anything can be done here but read."""
        return self.in_sight and not self.is_closed

    @cached_property
    def may_seal(self) -> bool:
        return self.user.may_in(Permission.SEAL, self.youth.grid_id)

    @cached_property
    def may_enrol(self) -> bool:
        return self.user.may_in(Permission.ENROL, self.youth.grid_id)

    @cached_property
    def grants(self) -> list[Grant]:
        """Who may look at this file for a while, for whoever answers for it, knows its reasons or manages grants."""
        answers = self.responsible is not None and self.responsible.user_id == self.user.pk
        manages = self.user.may_in(Permission.APPROVE_GRANTS, self.youth.grid_id)
        if not (answers or self.decides_reasons or manages):
            return []
        found = Grant.objects.on_file(self.youth).select_related("holder", "decided_by")
        # That somebody got to know a reason would say that there is one.
        return list(found if self.decides_reasons else found.exclude(what=Grant.What.REASON))

    @property
    def may_receive(self) -> bool:
        """Whether the reader takes in what people ask about their own data 个人信息请求."""
        return self.user.may_in(Permission.RECEIVE_REQUESTS, self.youth.grid_id)

    @property
    def is_closed(self) -> bool:
        return self.youth.state == Youth.State.CLOSED

    @cached_property
    def responsible(self) -> ResponsiblePerson | None:
        return ResponsiblePerson.objects.filter(grid=self.youth.grid_id).select_related("user").first()

    # --- Categories, needs, facts

    @cached_property
    def enrolments(self) -> list[Enrolment]:
        """Those that the reader may know, open ones first."""
        known = self.youth.enrolments.readable_by(self.user, self.youth)
        found = known.select_related("category", "verified_by", "ended_by")
        return sorted(found, key=lambda enrolment: enrolment.ends_on is not None)

    @property
    def open_enrolments(self) -> list[Enrolment]:
        return [enrolment for enrolment in self.enrolments if enrolment.ends_on is None]

    @property
    def labels(self) -> list[str]:
        return [enrolment.category.short_name for enrolment in self.open_enrolments] or [CARE]

    @property
    def decidable(self) -> list[Enrolment]:
        """Those that the reader may review or end: a grant lets one know a private one and no more."""
        if self.is_closed or not self.may_enrol:
            return []
        return [e for e in self.open_enrolments if self.decides_reasons or not e.category.is_private]

    @property
    def reviews_due(self) -> list[Enrolment]:
        soon = timezone.localdate() + REVIEW_SOON
        return [enrolment for enrolment in self.open_enrolments if enrolment.review_on <= soon]

    @cached_property
    def needs(self) -> list[Need]:
        """Open ones first, then the newest."""
        found = self.youth.open_and_closed_needs.order_by("-opened_on", "-id")
        return sorted(found, key=lambda need: need.closed_on is not None)

    @property
    def open_needs(self) -> list[Need]:
        return [need for need in self.needs if need.closed_on is None]

    @cached_property
    def _stated(self) -> list[Fact]:
        found = self.youth.resident.facts.exclude(kind__in=_NEVER_ON_OWN_FILE)
        return list(found.select_related("source", "batch").order_by("-starts_on", "-id"))

    @property
    def facts(self) -> list[Fact]:
        """What holds today, by department or by a worker's own observation."""
        return [fact for fact in self._stated if _runs(fact.ends_on)]

    @cached_property
    def statements(self) -> list[Statement]:
        """The same by subject, with which one counts where several speak of one thing."""
        return statements(self.facts, counting_ids(self.youth.resident_id))

    @property
    def past_facts(self) -> list[Fact]:
        return [fact for fact in self._stated if not _runs(fact.ends_on)]

    @cached_property
    def check_requests(self) -> list[CheckRequest]:
        """What departments were asked to check 校核, the latest first."""
        asked = self.youth.check_requests.exclude(state=CheckRequest.State.REPLACED)
        return list(asked.select_related("source", "by").order_by("-created_at")[:LATEST_EVENTS])

    @cached_property
    def visit_days(self) -> int:
        """The longest time between two visits, in days."""
        return visit_period(self.youth).days

    @property
    def look_at(self) -> list[str]:
        """What a visit looks at. It follows from the age alone, so that it is the same whatever the reason."""
        return look_at(self.youth.age)

    # --- Family

    @cached_property
    def guardianships(self) -> list[Guardianship]:
        rows = self.youth.resident.guardianships.order_by("relation", "id")
        return [row for row in rows if _runs(row.ends_on)]

    @property
    def guardians(self) -> list[Guardian]:
        return [self._guardian(row) for row in self.guardianships]

    def _guardian(self, row: Guardianship) -> Guardian:
        shown = status_shown(row.status, knows=self.knows)
        return Guardian(
            name=row.guardian_name,
            relation=label_of(Relation, row.relation),
            kind=row.get_kind_display(),
            status=str(shown.label),
            # Where a guardian of whom nothing is said has gone would say it after all.
            place="" if shown == GuardianStatus.UNKNOWN else self.places.get(row.destination_code, ""),
            since=row.starts_on,
            is_private=shown in PRIVATE_STATUSES,
        )

    @cached_property
    def members(self) -> list[Member]:
        household = self.youth.resident.household
        if household is None:
            return []
        home = self.home.dwelling_id if self.home else None
        people = household.members.select_related("youth").prefetch_related("residences", "facts")
        return [self._member(person, home) for person in people.order_by("birth_on", "id")]

    def _member(self, person: Resident, home: int | None) -> Member:
        lives_at = next((r.dwelling_id for r in person.residences.all() if r.ends_on is None), None)
        is_dead = any(fact.kind == FactKind.DECEASED for fact in person.facts.all())
        lives = (
            "已故"
            if is_dead
            else "现不住本市"
            if lives_at is None
            else "同住"
            if lives_at == home
            else "另住"
        )
        youth: Youth | None = getattr(person, "youth", None)
        is_self = person.pk == self.youth.resident_id
        is_readable = youth is not None and self.user.may_in(Permission.SEE_YOUTHS, youth.grid_id)
        return Member(
            name=person.name,
            relation=label_of(Relation, person.relation) or "—",
            age=None if is_dead else age_on(person.birth_on, timezone.localdate()),
            lives=lives,
            is_self=is_self,
            file=youth.pk if youth and is_readable and not is_self else None,
        )

    # --- Where and when

    @cached_property
    def residences(self) -> list[Residence]:
        found = self.youth.resident.residences.select_related("dwelling__grid__community", "source")
        return list(found.order_by("-starts_on"))

    @property
    def home(self) -> Residence | None:
        """The current residence; None for one who does not live in the city."""
        return next((residence for residence in self.residences if residence.ends_on is None), None)

    @cached_property
    def moves(self) -> list[Move]:
        ends = ("from_dwelling", "to_dwelling", "from_grid__community", "to_grid__community")
        found = self.youth.resident.moves.filter(voided_at=None).select_related(
            *ends, "source", "reported_by"
        )
        return list(found.order_by("-moved_on", "-recorded_at"))

    @cached_property
    def handovers(self) -> list[Handover]:
        sides = ("from_grid__community", "to_grid__community", "ended_by")
        return list(self.youth.handovers.select_related(*sides).order_by("-offered_at"))

    @property
    def move_lines(self) -> list[tuple[Move, str]]:
        """Each move with the name of the county it went to, if it left the city."""
        return [(move, self.places.get(move.destination_code, "")) for move in self.moves]

    @property
    def destination(self) -> str:
        """Where the open handover out of the city goes."""
        handover = self.open_handover
        return self.places.get(handover.destination_code, "") if handover else ""

    @property
    def open_handover(self) -> Handover | None:
        return next((handover for handover in self.handovers if handover.is_open), None)

    @cached_property
    def visit_count(self) -> int:
        return int(self.youth.visits.count())

    @cached_property
    def visits(self) -> list[Visit]:
        """The latest ones."""
        return list(self.youth.visits.select_related("by").prefetch_related("needs")[:LATEST_VISITS])

    @cached_property
    def events(self) -> list[Event]:
        return timeline(self.youth, knows=self.knows)

    @cached_property
    def consents(self) -> list[Standing]:
        """What was agreed to and what not, purpose by purpose."""
        given = self.youth.consents.select_related("text", "by").order_by("-agreed_on", "-created_at")
        return by_purpose(self.youth, given)

    @property
    def consents_due(self) -> list[Standing]:
        return [standing for standing in self.consents if standing.is_due]

    @cached_property
    def disclosures(self) -> list[DisclosedPerson]:
        """What was given to whom outside, the latest first."""
        given = self.youth.disclosures.select_related("disclosure__by")
        return list(given.order_by("-disclosure__given_on", "-id"))

    @property
    def latest_events(self) -> list[Event]:
        return self.events[:LATEST_EVENTS]

    # --- Places by their codes

    @cached_property
    def places(self) -> dict[str, str]:
        """County code → its name with city and province, for every code on the page."""
        rows: tuple[Any, ...] = (*self.guardianships, *self.moves, *self.handovers, *self.facts)
        codes = {row.destination_code for row in rows} | {self.youth.resident.hukou_code[:6]}
        return county_names(codes - {""})

    @cached_property
    def hukou(self) -> str:
        """户籍地 in words, down to the village where the code says it."""
        code = self.youth.resident.hukou_code
        county = self.places.get(code[:6], "")
        below = Division.objects.filter(pk__in=[code[:9], code[:12]], level__in=["street", "community"])
        return county + "".join(str(division) for division in below)


def look_at(age: int) -> list[str]:
    """What to look at on a visit to somebody of this age (未成年人保护法 arts. 21–23)."""
    if age < 16:
        alone = "是否独自在家（8 岁以下不能离人）" if age < 8 else "是否独自居住（16 岁以下不能独居）"
        return ["谁在照护、照护得怎样", alone, "在不在学校", "身体和情绪", "父母上次联系是哪天（应每周联系）"]
    return ["住在哪里、和谁住", "在读书、在上班还是在家", "身体和情绪", "有没有想找工作、学手艺或要办的事"]


def county_names(codes: set[str]) -> dict[str, str]:
    """County code → 安徽省合肥市庐江县."""
    found = County.objects.filter(pk__in=codes).select_related("parent__parent")
    names = {}
    for county in found:
        chain = [county.parent.parent if county.parent else None, county.parent, county]
        words = [str(place) for place in chain if place is not None and place.name not in _NO_NAMES]
        names[county.pk] = "".join(dict.fromkeys(words))
    return names


_NO_NAMES = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")


def _runs(ends_on: date | None) -> bool:
    return ends_on is None or ends_on > timezone.localdate()
