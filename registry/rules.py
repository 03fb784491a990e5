"""Rules 规则: from facts, families and residences to candidates 线索, set-based (registry/sql/rules/).

One rule a category, two that point to other help, and one for leaving. Ages, months and clauses come from the table of
categories. A rule never decides: it asks somebody to go and see (个人信息保护法 art. 24). Runs over the whole city or
over the people whom a batch has touched, and says the same in both; running it again changes nothing.

`misconduct` has no rule to enter by: it rests on what family, school, community or the young person say, never on a
record, and records of police, courts and special education are not read, since they are not held (LAW section 3).
"""

import re
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from grids import alerts

from . import tombstones
from .codes import FactKind, GuardianStatus, Relation
from .filters.youths import years_before
from .models import Candidate, Category
from .sql import statements

SHORT_RETURN_DAYS = (
    30  # a visit home no longer than this interrupts nothing (2024 年监测:偶尔回家探亲、休假不中断)
)
GOAL_MONTHS = 12  # an exam or training is prepared for so long at most
SHELTER_MONTHS = 12  # taken in by a relief station within so many months, where the category names none
YOUNG = 26  # whom a household's change may concern: the categories end on the 26th birthday
PUPIL, MINOR = 16, 18

# Grounds for which a parent cannot care, the gravest first: the one that is named.
GRAVEST = (
    "deceased", "in_prison", "in_detox", "detained", "missing", "deported", "custody_revoked", "severely_ill",
)  # fmt: skip
_OTHER_WORDS = {
    GuardianStatus.IN_DETOX: "强制隔离戒毒",
    GuardianStatus.DETAINED: "被限制人身自由",
    GuardianStatus.DEPORTED: "被遣送出境",
    GuardianStatus.CUSTODY_REVOKED: "被撤销监护资格",
    GuardianStatus.DECEASED: "已故",
}
_FAMILY_TOPICS = frozenset({"left_behind", "custody_child", Candidate.Help.UNATTENDED})
_ENTER = {
    "idle": ("idle.sql", "enter"),
    "street": ("street.sql", "enter"),
    "custody_child": ("custody_child.sql", "enter"),
    "left_behind": ("left_behind.sql", "enter"),
    Candidate.Help.UNATTENDED.value: ("help.sql", "unattended_in_fact"),
    Candidate.Help.MOVING.value: ("help.sql", "moving_child"),
}


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What a rule goes by. Ages are inclusive; `months` is how long it must have lasted."""

    topic: str
    age_min: int
    age_max: int
    months: int
    clause: str
    category: Category | None = None


# Not categories, so not in their table.
HELP = (
    Limit(
        topic=Candidate.Help.UNATTENDED.value,
        age_min=0,
        age_max=17,
        months=6,
        clause="民发〔2019〕62号；民发〔2020〕125号",
    ),
    Limit(
        topic=Candidate.Help.MOVING.value,
        age_min=0,
        age_max=15,
        months=6,
        clause="《加强流动儿童关爱保护行动方案》（2024）：跨县域居住 6 个月以上，不满 16 周岁",
    ),
)


@dataclass
class Counts:
    """What a run came to. `suggested`: topic → new candidates; `alerts` are rows written."""

    suggested: Counter[str] = field(default_factory=Counter)
    renewed: int = 0
    withdrawn: int = 0
    alerts: int = 0
    seconds: float = 0.0

    @property
    def new(self) -> int:
        return self.suggested.total()


def suggest(
    category: str | None = None, residents: Iterable[int] | None = None, *, today: date | None = None
) -> Counts:
    """Suggest, renew and withdraw candidates over the whole city, or of these residents and their families.

    `category`: the code of one category or other help, None for all. Raises ValueError for an unknown one.
    """
    if residents is None:
        return _run(category, None, today)
    return _run(category, "(SELECT unnest(%(residents)s::bigint[]) AS resident_id)", today, list(residents))


def suggest_touched(table: str = "touched_resident", *, only_moved: bool = False) -> Counts:
    """After a batch, for the people in a temporary table with a column `resident_id`; in the batch's transaction.

    `table` is a name of our own in the code, never input. `only_moved`: the batch changed nothing but homes, so that
    families need not be looked at.
    """
    if not re.fullmatch(r"[a-z_]+", table):
        raise ValueError(f"not a table of ours: {table!r}")
    return _run(None, table, None, only_moved=only_moved)


def forget(resident_ids: Iterable[int]) -> int:
    """Before people go whom a batch should not have brought: what rules alone wrote of them goes too.

    What a person has visited or decided stays, and keeps the resident. Returns how many went.
    """
    with connection.cursor() as cursor:
        cursor.execute(statements("rules/outcome.sql")["forget"], [list(resident_ids)])
        return cursor.rowcount


def open_counts(category: str | None = None) -> dict[str, int]:
    """Topic → open candidates in the whole city; figures only."""
    with connection.cursor() as cursor:
        cursor.execute(statements("rules/outcome.sql")["open"], {"category": category})
        return dict(cursor.fetchall())


def follow(resident_ids: Iterable[int] | None = None) -> int:
    """Let open candidates go with a responsibility that has passed to another grid; returns how many went."""
    sql = statements("rules/outcome.sql")["follow"]
    with connection.cursor() as cursor:
        if resident_ids is None:
            cursor.execute(sql)
        else:
            cursor.execute(sql + " AND c.resident_id = ANY (%s)", [list(resident_ids)])
        return cursor.rowcount


def limits(category: str | None, today: date) -> list[Limit]:
    """The limits of what is to be run today. Raises ValueError for a topic that there is not."""
    found = [
        Limit(
            topic=row.code,
            age_min=row.age_min,
            age_max=row.age_max,
            months=row.months,
            clause=row.clause,
            category=row,
        )
        for row in Category.objects.all()
        if (row.valid_from is None or row.valid_from <= today)
        and (row.valid_to is None or row.valid_to > today)
    ]
    chosen = [limit for limit in (*found, *HELP) if category in (None, limit.topic)]
    if not chosen:
        raise ValueError(f"没有这个类别，或已停用：{category}")
    return chosen


@transaction.atomic
def _run(
    category: str | None,
    table: str | None,
    today: date | None,
    residents: list[int] | None = None,
    *,
    only_moved: bool = False,
) -> Counts:
    started = time.monotonic()
    day = today or timezone.localdate()
    chosen = limits(category, day)
    run = _Run(day, touched=table is not None)
    run.prepare(chosen)
    if table is None:
        run.execute("setup.sql", "room")
    else:
        run.narrow(table, residents, only_moved=only_moved)
    topics = [limit.topic for limit in chosen]
    if _FAMILY_TOPICS & set(topics):
        run.read_families()
    else:
        run.no_families()
    for topic in topics:
        if topic in _ENTER:
            run.execute(*_ENTER[topic])
    run.execute("leave.sql", "leave")
    counts = run.settle()
    counts.seconds = round(time.monotonic() - started, 3)
    return counts


class _Run:
    """One run's statements, in one transaction; their number does not depend on the number of people."""

    def __init__(self, today: date, *, touched: bool) -> None:
        self.touched = touched
        self.parameters: dict[str, Any] = {
            "today": today,
            "young_after": years_before(today, YOUNG),
            "pupils_after": years_before(today, PUPIL),
            "minors_after": years_before(today, MINOR),
            "short_return": SHORT_RETURN_DAYS,
            "goal_months": GOAL_MONTHS,
            "shelter_months": SHELTER_MONTHS,
            "gravest": list(GRAVEST),
        }

    def execute(self, file: str, name: str, *, table: str = "", **more: Any) -> list[tuple[Any, ...]]:
        """One statement. `{touched: column}` in it narrows a run over some people to them; `{table}` names them."""
        sql = statements(f"rules/{file}")[name].replace("{table}", table)
        narrowed = r"AND \1 IN (SELECT resident_id FROM rule_scope)" if self.touched else ""
        sql = re.sub(r"\{touched: ([a-z.]+_?[a-z]*)\}", narrowed, sql)
        with connection.cursor() as cursor:
            cursor.execute(sql, self.parameters | more)
            return cursor.fetchall() if cursor.description else []

    def prepare(self, chosen: list[Limit]) -> None:
        for name in ("one_at_a_time", "limits", "results"):
            self.execute("setup.sql", name)
        for limit in chosen:
            self._limit(limit)
        words = {str(kind): str(kind.label) for kind in (*FactKind, *GuardianStatus)} | _OTHER_WORDS
        words |= {f"relation:{relation}": str(relation.label) for relation in Relation}
        self.execute("setup.sql", "words", codes=[str(code) for code in words], words=list(words.values()))

    def _limit(self, limit: Limit) -> None:
        today = self.parameters["today"]
        self.execute(
            "setup.sql",
            "limit",
            topic=limit.topic,
            category_id=limit.category and limit.category.code,
            help_kind="" if limit.category else limit.topic,
            # Grounds of 事实无人抚养 are custody or illness of the parents; and a quiet task must have company.
            is_private=limit.category.is_private if limit.category else True,
            age_max=limit.age_max,
            born_after=years_before(today, limit.age_max + 1),
            born_until=years_before(today, limit.age_min),
            months=limit.months,
            clause=limit.clause,
        )

    def narrow(self, table: str, residents: list[int] | None, *, only_moved: bool) -> None:
        """Find the people whom this run is about."""
        self.execute("setup.sql", "named", table=table, residents=residents)
        self.execute("setup.sql", "moved")
        if not only_moved:
            self.execute("setup.sql", "families")
        self.execute("setup.sql", "analyze_scope")

    def read_families(self) -> None:
        self.execute("families.sql", "looked_at_touched" if self.touched else "looked_at")
        self._families()

    def no_families(self) -> None:
        """For rules that ask for none: the same tables, empty."""
        self.execute("families.sql", "looked_at_nobody")
        self._families()

    def _families(self) -> None:
        for name in ("children", "kin", "said", "overtaken", "parents", "carers"):
            self.execute("families.sql", name)

    def _leave_out_sealed(self) -> None:
        """What was sealed 封存 is not suggested again on the facts of then (registry/tombstones.py)."""
        if not tombstones.any_stand():
            return
        asked = {
            (resident_id, category): tombstones.Thing(
                tombstones.Person(resident_id, index and bytes(index), number),
                (tombstones.category(category),),
                known_on,
            )
            for resident_id, index, number, category, known_on in self.execute("outcome.sql", "fresh")
        }
        met = list(tombstones.met(asked))
        self.execute(
            "outcome.sql",
            "leave_out",
            residents=[resident_id for resident_id, _ in met],
            categories=[category for _, category in met],
        )

    def settle(self) -> Counts:
        """Write what was found beside what stands, and tell those who answer."""
        counts = Counts()
        self.execute("outcome.sql", "due")
        self._leave_out_sealed()
        with connection.cursor() as cursor:
            cursor.execute(statements("rules/outcome.sql")["renew"])
            counts.renewed = cursor.rowcount
        emptied = [grid for (grid,) in self.execute("outcome.sql", "withdraw")]
        counts.withdrawn = len(emptied)
        fresh = self.execute("outcome.sql", "suggest")
        counts.suggested.update(topic for _, topic, _ in fresh)
        # Several quiet ones about one person are one visit.
        grids = Counter(grid for grid, _ in {(grid, visit) for grid, _, visit in fresh})
        touched: set[int] = set()
        if not self.touched:
            emptied += [community for (community,) in self.execute("outcome.sql", "alerted")]
        if emptied:
            touched |= settle_grids(emptied, poke=False)
        if grids:
            told = self.execute(
                "outcome.sql", "tell", grids=list(grids), numbers=list(grids.values()), run=uuid.uuid4().hex
            )
            counts.alerts, addressees = told[0]
            touched |= set(addressees)
        alerts.poke_after_commit(touched)
        return counts


def settle_grids(grid_codes: Iterable[str], *, poke: bool = True) -> set[int]:
    """Mark the alerts about these grids done where nothing is left to visit; returns whose they were."""
    with connection.cursor() as cursor:
        cursor.execute(statements("rules/outcome.sql")["settle"], {"grids": sorted(set(grid_codes))})
        users = {user_id for (user_id,) in cursor.fetchall()}
    if poke:
        alerts.poke_after_commit(users)
    return users
