"""The register: files of young people with enrolments, visits, needs and handovers, as they stand today.

Moments are seconds since the epoch in the city's time zone (Asia/Shanghai, UTC+8 without summer time).
"""

from dataclasses import dataclass, field
from datetime import date
from random import Random
from uuid import UUID

from registry.codes import Grade

from .people import Moved, Person
from .places import WANLI
from .seeds import random_uuid
from .specials import Finding
from .staff import Staff

CLAUSES = {
    "idle": "重点青少年统计口径：6–15 周岁不在学；16–25 周岁不在学且无职业；一般已满 6 个月",
    "misconduct": "《预防未成年人犯罪法》第二十八条、第三十八条",
    "street": "重点青少年统计口径：6–25 周岁以乞讨为生或流浪",
    "custody_child": "重点青少年统计口径：未满 18 周岁，父母一方或双方服刑或被强制隔离戒毒",
    "left_behind": "国发〔2016〕13号 一；民发〔2016〕42号；2024 年监测：跨县域连续外出 6 个月以上",
}
REVIEW_MONTHS = {"street": 3}
PRIVATE = {"misconduct", "custody_child"}
PHONE_DAYS = {"custody_child": 30}  # the longest time between contacts, whatever the grade
GRADE_REASONS = {
    "A": "监护评估差：照料人年老多病或无人照管，需每周联系",
    "B": "监护评估一般：基本生活有保障，管教和陪伴不足",
    "C": "监护评估较好：照料人尽责，生活学习正常",
}
FOUND = (
    "孩子在家，生活正常，作业按时完成，与父母每周视频。",
    "祖辈照料尽心，孩子性格开朗，近期成绩有进步。",
    "到家时孩子不在，与照料人交谈，近况平稳。",
    "电话联系家长，告知近况，约定下次入户时间。",
    "孩子话不多，希望父母常回来，已联系学校心理老师。",
    "居住环境整洁，用电用火安全已提醒。",
    "本人愿意参加技能培训，已告知报名时间。",
    "照料人反映辅导作业有困难，已登记志愿者结对意向。",
)
END_REASONS = {"left_behind": "母亲已返乡照料", "idle": "已在企业就业"}
DAY_SECONDS = 86_400
_EPOCH = date(1970, 1, 1).toordinal()


def moment(day: int, hour: float) -> int:
    """Seconds since the epoch of a time of day in Shanghai."""
    return (day - _EPOCH) * DAY_SECONDS + int((hour - 8) * 3600)


def months_later(day: int, months: int) -> int:
    start = date.fromordinal(day)
    year, month = divmod(start.month - 1 + months, 12)
    return date(start.year + year, month + 1, min(start.day, 28)).toordinal()


@dataclass(slots=True)
class Enrolment:
    id: UUID
    category: str
    since: int
    evidence: str
    verified_by: int
    review_on: int
    until: int = 0
    end_reason: str = ""


@dataclass(slots=True)
class Visit:
    id: UUID
    on: int
    method: str
    met: str
    found: str
    confirmed: tuple[str, ...]
    next_due: int
    by: int


@dataclass(slots=True)
class Need:
    kind: str
    opened_on: int
    visit: UUID | None = None
    closed_on: int = 0
    outcome: str = ""


@dataclass(slots=True)
class Handover:
    """`state` as the model's; `level` how far it climbed; `by` who ended it."""

    id: UUID
    move_id: UUID
    from_grid: str
    to_grid: str
    destination: str
    state: str
    level: str
    offered_at: int
    due_at: int
    ended_at: int = 0
    by: int = 0
    return_reason: str = ""
    note: str = ""


@dataclass(slots=True)
class YouthFile:
    id: UUID
    person: Person
    grid: str
    opened_on: int
    opened_by: int
    grade: str
    grade_reason: str
    last_verified: int = 0
    next_due: int = 0
    opened_reason: str = ""
    closed_on: int = 0
    closed_reason: str = ""
    enrolments: list[Enrolment] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    handovers: list[Handover] = field(default_factory=list)


class Register:
    """Opens files; draws how long ago each was visited and what was found."""

    def __init__(self, rng: Random, staff: Staff, today: int) -> None:
        self.rng, self.staff, self.today = rng, staff, today

    def open(self, finding: Finding, grid: str, *, moved: Moved | None = None) -> YouthFile:
        """A file with an open enrolment of the finding's category; responsible is `grid`."""
        rng, person = self.rng, finding.person
        worker = self.staff.responsible(grid)
        latest = self.today - 12 if finding.weight != "C" else self.today - 20
        opened = self.today - 20 - int(rng.random() * 520)
        opened = max(min(latest, max(opened, finding.since + 15, person.born + 5)), person.born)
        if finding.category == "misconduct":
            opened = max(opened, finding.since + 3)
        made = YouthFile(
            random_uuid(rng), person, grid, opened, worker, finding.weight, GRADE_REASONS[finding.weight]
        )
        verified_by = self.staff.knows_reasons(grid) if finding.category in PRIVATE else worker
        review = months_later(opened, REVIEW_MONTHS.get(finding.category, 6))
        while review < self.today - 25:  # reviewed in time so far; a few are just overdue
            review = months_later(review, REVIEW_MONTHS.get(finding.category, 6))
        made.enrolments.append(
            Enrolment(random_uuid(rng), finding.category, opened, finding.evidence, verified_by, review)
        )
        if (finding.need and rng.random() < 0.7) or rng.random() < 0.12:
            kind = finding.need or rng.choice(
                ("care", "parent_contact", "money", "school", "companionship", "counselling")
            )
            made.needs.append(Need(kind, max(opened, self.today - 150)))
        self.visit_over_time(made, PHONE_DAYS.get(finding.category))
        return made

    def visit_over_time(self, made: YouthFile, most: int | None = None, *, last: int = -1) -> None:
        """Visits up to the last one, and when the next is due. `last`: days since the last visit."""
        rng = self.rng
        period = min(Grade(made.grade).visit_days, most or 999)
        if last < 0:
            share = rng.random()
            if made.grid.startswith(WANLI) and share < 0.25:
                last = 91 + int(rng.random() * 60)  # the street whose lateness the demo shows
            elif share < 0.80:
                last = int(rng.random() * period)
            elif share < 0.92:
                last = period + 1 + int(rng.random() * period * 0.7)
            elif share < 0.98:
                last = 91 + int(rng.random() * 120)
            else:
                last = self.today - made.opened_on  # verified when enrolled, not visited since
        day = max(self.today - last, made.opened_on)
        made.last_verified, made.next_due = day, day + period
        for _ in range(4):
            made.visits.append(self._visit(made, day, period))
            day -= max(3, period - int(rng.random() * 6))
            if day < made.opened_on:
                break
        made.visits.reverse()

    def _visit(self, made: YouthFile, day: int, period: int) -> Visit:
        rng = self.rng
        method = rng.choices(("home", "phone", "school", "video"), (70, 18, 7, 5))[0]
        met = (
            "teacher"
            if method == "school"
            else rng.choices(("youth", "guardian", "relative"), (55, 35, 10))[0]
        )
        confirmed = ("address", "guardian", "school") if method == "home" else ("contact",)
        worker = self.staff.responsible(made.grid)
        return Visit(random_uuid(rng), day, method, met, rng.choice(FOUND), confirmed, day + period, worker)

    def end(self, made: YouthFile) -> int:
        """The way out: the enrolment ends with its reason, the file is closed with it. Returns the day."""
        enrolment = made.enrolments[0]
        ended = min(self.today - 1, max(enrolment.since + 1, self.today - 5 - int(self.rng.random() * 150)))
        made.visits = [visit for visit in made.visits if visit.on <= ended]
        made.last_verified = max((visit.on for visit in made.visits), default=0)
        enrolment.until, enrolment.end_reason = ended, END_REASONS[enrolment.category]
        made.closed_on, made.closed_reason = ended, END_REASONS[enrolment.category]
        made.next_due = 0
        for need in made.needs:
            need.opened_on = min(need.opened_on, ended)
            need.closed_on, need.outcome = ended, "情况好转，需求已解决"
        return ended
