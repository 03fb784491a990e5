"""Which of several statements counts: departments by one table, a worker's word unless something newer was fed.

Nothing that somebody stated is overwritten: statements of one subject stand side by side, and the database function
`registry_counting_facts` (migration 0010) picks the one that counts. The register row, its check and the person's
page all ask that one function:

1. of the departments the one with the smallest `FactRank` for what it states, among equals the newest statement;
2. a worker's own observation stands above that one, unless the department's word is newer (its batch's date).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection

from .codes import Denial, FactKind
from .models import Fact

SCHOOL_KINDS = (FactKind.IN_SCHOOL, FactKind.TRUANT, FactKind.DROPPED_OUT)
WORK_KINDS = (FactKind.EMPLOYED, FactKind.PREPARING, FactKind.UNEMPLOYED)
# Kinds that exclude each other speak of one subject; every other kind is a subject of its own.
SUBJECTS: dict[str, tuple[str, ...]] = {
    "school": (*SCHOOL_KINDS, Denial.NO_SCHOOL),
    "work": (*WORK_KINDS, Denial.NO_WORK),
}
_SUBJECT_OF = {str(kind): subject for subject, kinds in SUBJECTS.items() for kind in kinds}


def subject_of(kind: str) -> str:
    """What a statement of this kind is about: "school", "work", or the kind itself."""
    return _SUBJECT_OF.get(kind, kind)


def counting_ids(resident_id: int) -> dict[str, int]:
    """Subject → id of the fact that counts today, for one resident; one statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject, fact_id FROM registry_counting_facts(%s)", [resident_id])
        return dict(cursor.fetchall())


@dataclass(frozen=True)
class Statement:
    """A fact beside the others of its subject. `is_disputed`: another one that runs today says something else."""

    fact: Fact
    subject: str
    counts: bool
    is_disputed: bool

    @property
    def said_on(self) -> date:
        """The day of the file that brought it; of an observation, and of what came without a file, its first day."""
        return self.fact.batch.as_of if self.fact.batch else self.fact.starts_on


def statements(facts: Iterable[Fact], counting: dict[str, int]) -> list[Statement]:
    """Facts that run today, by subject: school and work first, in each subject first what counts, then the newest."""
    said: dict[str, list[Fact]] = {}
    for fact in facts:
        said.setdefault(subject_of(fact.kind), []).append(fact)
    found = [
        Statement(fact, subject, counting.get(subject) == fact.pk, _differ(of_subject))
        for subject, of_subject in said.items()
        for fact in of_subject
    ]
    order = (*SUBJECTS, *FactKind.values)
    return sorted(found, key=lambda s: (order.index(s.subject), not s.counts, -s.said_on.toordinal()))


def _differ(facts: list[Fact]) -> bool:
    """Whether they contradict each other. What one leaves empty contradicts nothing."""
    if len({fact.kind for fact in facts}) > 1:
        return True
    return any(
        len({getattr(fact, field) for fact in facts} - {""}) > 1
        for field in ("unit", "level", "destination_code")
    )
