"""Database rows of a community, as lines for COPY. Columns are named here once, beside what fills them.

Nothing in the city's words needs escaping in COPY's text format (a test looks).
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache

from registry.codes import FactKind, GuardianshipKind, GuardianStatus, rural_hukou
from registry.encryption import encrypt
from registry.models.residents import id_number_index
from registry.names import pinyin_of

from .files import CLAUSES, YouthFile, moment
from .moving import Move
from .people import Household, Person
from .town import Town

NULL = r"\N"
ARRAY_NONE = "{}"

# Table → columns, in the order of loading.
COLUMNS = {
    "registry_dwelling": "id, code, grid_id, estate, building, unit, room, address, longitude, latitude",
    "registry_household": "id, number",
    "registry_resident": (
        "id, person_number, id_number, id_number_index, name, pinyin, initials, sex, birth_on, "
        "hukou_code, hukou_is_rural, household_id, relation, phone"
    ),
    "registry_residence": "resident_id, dwelling_id, starts_on, ends_on, source_id",
    "registry_guardianship": (
        "resident_id, guardian_id, guardian_name, guardian_id_number, guardian_id_number_index, "
        "relation, kind, status, destination_code, starts_on, ends_on, source_id"
    ),
    "registry_fact": "resident_id, kind, starts_on, ends_on, unit, level, destination_code, source_id",
    "registry_youth": (
        "id, resident_id, grid_id, state, opened_on, opened_by_id, opened_reason, closed_on, "
        "closed_reason, grade, grade_reason, last_verified_on, next_due_on, version, name, pinyin, "
        "initials, sex, birth_on, lives_in, estate, category_mask, school, work, guardian, hukou, "
        "needs"
    ),
    "registry_enrolment": (
        "id, youth_id, category_id, starts_on, ends_on, evidence, clause, verified_by_id, review_on, "
        "end_reason, ended_by_id"
    ),
    "registry_visit": "id, youth_id, visited_on, method, met, found, confirmed, next_due_on, by_id, created_at",
    "registry_need": "youth_id, kind, opened_on, visit_id, closed_on, outcome",
    "registry_move": (
        "id, resident_id, kind, from_dwelling_id, to_dwelling_id, from_grid_id, to_grid_id, "
        "destination_code, moved_on, recorded_at, source_id"
    ),
    "registry_handover": (
        "id, youth_id, move_id, from_grid_id, to_grid_id, destination_code, state, level, offered_at, "
        "due_at, ended_at, ended_by_id, return_reason, note"
    ),
}

SOURCES = {
    "在学": "education", "辍学": "education", "旷课": "education",
    "就业": "hrss", "失业登记": "hrss", "备考培训": "hrss",
    "残疾": "disability", "救助站受助": "relief",
    "服刑": "justice", "强制隔离戒毒": "justice", "限制人身自由": "justice",
}  # fmt: skip
_ITEMS = {str(member.label): member.value for member in FactKind}
_STATUSES = {str(member.label): member.value for member in GuardianStatus}
_KINDS = {str(member.label): member.value for member in GuardianshipKind}


@lru_cache(maxsize=100_000)
def day(ordinal: int) -> str:
    """A day as PostgreSQL and the feeds write it; 0 is no day."""
    return date.fromordinal(ordinal).isoformat() if ordinal else NULL


def time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else NULL


def sealed(text: str, purpose: str) -> str:
    """Encrypted bytes in COPY's form, NULL for nothing."""
    return r"\\x" + encrypt(text, purpose).hex() if text else NULL


@lru_cache(maxsize=200_000)
def _pinyin(name: str) -> tuple[str, str]:
    return pinyin_of(name)


class Rows:
    """Collects the lines of one community, table by table."""

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {table: [] for table in COLUMNS}
        self.indexes: dict[int, str] = {}  # person id → blind index, for guardians

    def blobs(self) -> dict[str, bytes]:
        return {table: ("\n".join(lines) + "\n").encode() for table, lines in self.lines.items() if lines}

    def add(self, table: str, values: Iterable[object]) -> None:
        self.lines[table].append("\t".join([str(value) for value in values]))

    def town(self, town: Town) -> None:
        for home in town.dwellings:
            self.add(
                "registry_dwelling",
                (home.id, home.code, home.grid, home.estate, home.building, home.unit, home.room, home.address,
                 home.longitude, home.latitude),
            )  # fmt: skip
        for house in town.households:
            if house.members:
                self.add("registry_household", (house.id, house.number))
            for member in house.members:
                self.resident(member)
        for house in town.households:
            for member in house.members:
                self.residences(house, member)
                if member.guardians:
                    self.guardians(member)
                if member.facts:
                    self.facts(member)
        for made in town.files:
            self.file(made)
        for move in town.moves:
            self.move(move)
        for made in town.files:
            self.handovers(made)

    def resident(self, person: Person) -> None:
        number, hashed = NULL, NULL
        if person.number:
            number = sealed(person.number, "id_number")
            hashed = self.indexes[person.id] = r"\\x" + id_number_index(person.number).hex()
        pinyin, initials = _pinyin(person.name)
        rural = rural_hukou(person.hukou)
        is_rural = NULL if rural is None else "t" if rural else "f"
        self.lines["registry_resident"].append(
            f"{person.id}\t{person.person_number or NULL}\t{number}\t{hashed}\t{person.name}\t{pinyin}\t{initials}"
            f"\t{person.sex}\t{day(person.born)}\t{person.hukou}\t{is_rural}\t{person.household.id}"
            f"\t{person.relation}\t{sealed(person.phone, 'phone')}"
        )

    def residences(self, house: Household, person: Person) -> None:
        lines = self.lines["registry_residence"]
        for dwelling_id, _, since, until in periods(house, person):
            lines.append(f"{person.id}\t{dwelling_id}\t{day(since)}\t{day(until)}\tpolice")

    def guardians(self, ward: Person) -> None:
        lines = self.lines["registry_guardianship"]
        for guardian in ward.guardians:
            person = guardian.person
            known = self.indexes.get(person.id, NULL)
            number = sealed(person.number, "guardian_id_number")
            lines.append(
                f"{ward.id}\t{person.id if person.number else NULL}\t{person.name}\t{number}\t{known}"
                f"\t{guardian.relation}\t{_KINDS[guardian.kind]}\t{_STATUSES[guardian.status]}\t{guardian.county}"
                f"\t{day(guardian.since)}\t{NULL}\tcivil_affairs"
            )

    def facts(self, person: Person) -> None:
        lines = self.lines["registry_fact"]
        for fact in person.facts:
            source = SOURCES.get(fact.item, "civil_affairs")
            lines.append(
                f"{person.id}\t{_ITEMS[fact.item]}\t{day(fact.since)}\t{day(fact.until)}\t{fact.unit}\t{fact.level}"
                f"\t{fact.county}\t{source}"
            )

    def file(self, made: YouthFile) -> None:
        """The file with its enrolments, visits and needs; the lists' copies are left to register_row.refresh."""
        person, ended_by = made.person, made.opened_by
        self.add(
            "registry_youth",
            (made.id, person.id, made.grid, "closed" if made.closed_on else "open", day(made.opened_on), made.opened_by,
             sealed(made.opened_reason, "youth_opened_reason"), day(made.closed_on),
             sealed(made.closed_reason, "youth_closed_reason"), made.grade,
             sealed(made.grade_reason, "youth_grade_reason"),
             day(made.last_verified), day(made.next_due), 1,
             person.name, "", "", person.sex, day(person.born), "", "", 0,
             "unknown", "unknown", "unknown", "unknown", ARRAY_NONE),
        )  # fmt: skip
        for enrolment in made.enrolments:
            self.add(
                "registry_enrolment",
                (enrolment.id, made.id, enrolment.category, day(enrolment.since), day(enrolment.until),
                 sealed(enrolment.evidence, "enrolment_evidence"), CLAUSES[enrolment.category], enrolment.verified_by,
                 day(enrolment.review_on), sealed(enrolment.end_reason, "enrolment_end_reason"),
                 ended_by if enrolment.until else NULL),
            )  # fmt: skip
        for visit in made.visits:
            self.add(
                "registry_visit",
                (visit.id, made.id, day(visit.on), visit.method, visit.met, sealed(visit.found, "visit_found"),
                 "{" + ",".join(visit.confirmed) + "}", day(visit.next_due), visit.by, time(moment(visit.on, 18))),
            )  # fmt: skip
        for need in made.needs:
            self.add(
                "registry_need",
                (
                    made.id,
                    need.kind,
                    day(need.opened_on),
                    need.visit or NULL,
                    day(need.closed_on),
                    sealed(need.outcome, "need_outcome"),
                ),
            )

    def move(self, move: Move) -> None:
        self.add(
            "registry_move",
            (move.id, move.person.id, move.kind, move.from_dwelling or NULL, move.to_dwelling or NULL,
             move.from_grid or NULL,
             move.to_grid or NULL, move.destination, day(move.on), time(move.recorded_at), "police"),
        )  # fmt: skip

    def handovers(self, made: YouthFile) -> None:
        for handover in made.handovers:
            self.add(
                "registry_handover",
                (handover.id, made.id, handover.move_id, handover.from_grid, handover.to_grid or NULL,
                 handover.destination,
                 handover.state, handover.level, time(handover.offered_at), time(handover.due_at),
                 time(handover.ended_at),
                 handover.by or NULL, handover.return_reason, sealed(handover.note, "handover_note")),
            )  # fmt: skip


def periods(house: Household, person: Person) -> list[tuple[int, str, int, int]]:
    """(dwelling id, code, since, until) of a person's residences, oldest first; until 0 is still so."""
    if not person.lives_here:
        return []
    home, moved = house.home, house.moved
    if moved is None:
        return [(home.id, home.code, person.since, 0)]
    if moved.out_to:
        return [(home.id, home.code, person.since, moved.on)] if person.since < moved.on else []
    if moved.from_dwelling_id is None or person.born >= moved.on:
        return [(home.id, home.code, person.since, 0)]
    return [
        (moved.from_dwelling_id, moved.from_dwelling, person.since, moved.on),
        (home.id, home.code, moved.on, 0),
    ]
