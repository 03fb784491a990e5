"""What the retention policy 保存期限 asks for, done: closed files become anonymous, what is over is deleted.

How long anything is kept stands in registry/retention.toml alone. Work goes batch by batch, each in a transaction of
its own that also adds to the run's counts: it can be killed at any moment and goes on from what is left; run twice, it
finds nothing the second time. What somebody holds just then is left for the next night.

Decided here: a closed file turns into figures without a name (`AnonymousFile`) and goes with its history, visits, notes
and alerts; the resident stays while he or she lives here, since the register of people 人房 is kept for other reasons.
Facts, guardianships, homes and moves of somebody who has a file stay with the file. Residents go two years after they
left or died, unless they are somebody's guardian now (a parent who works elsewhere). If the facts of somebody whose
file is gone still speak for help, the rules may ask for a visit again: that is a new beginning, not the old file.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from grids import alerts
from grids.models import User

from .holding import Refused
from .models import RetentionRun, Youth
from .retention_policy import term
from .sql import statements

SQL = "retention.sql"
RUN_LOCK = 738246  # "retain" on a telephone's keys
FILES_AT_ONCE = 200
ROWS_AT_ONCE = 5_000
_NOBODY = UUID(int=0)

# What a run counts, in words.
LABELS = {
    "files": "档案匿名化",
    "residents": "离开本市或去世的人",
    "facts": "终止的事实",
    "guardianships": "终止的监护关系",
    "residences": "以前的住处",
    "moves": "迁移记录",
    "candidates": "办理过的线索",
    "disclosures": "提供记录",
    "grants": "临时授权",
    "exports": "导出记录",
    "requests": "办结的个人信息请求",
    "images": "批次改动记录",
    "uploads": "上传记录",
    "searches": "查询条件",
    "alerts": "提醒",
    "sign_ins": "登录记录",
    "account_events": "账号事件",
    "admin_log": "后台操作记录",
    "attempts": "登录尝试",
    "sessions": "会话",
    "runs": "执行记录",
    "interrupted": "中断",
}


class AlreadyRunning(Exception):
    """Another run is at work."""


@dataclass
class Work:
    """One run: for which day, since when, and what it did so far."""

    row: RetentionRun
    today: date
    files_at_once: int
    rows_at_once: int
    ends_at: float | None
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def has_time(self) -> bool:
        return self.ends_at is None or monotonic() < self.ends_at

    @contextmanager
    def batch(self) -> Iterator[Any]:
        """A transaction in which guards let pass what is removed; what it counts is written with it."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statements(SQL)["allow"])
            yield cursor
            self.row.counts = dict(self.counts)
            self.row.save(update_fields=["counts"])


def apply(
    *,
    today: date | None = None,
    by: User | None = None,
    dry_run: bool = False,
    files_at_once: int = FILES_AT_ONCE,
    rows_at_once: int = ROWS_AT_ONCE,
    seconds: float | None = None,
) -> dict[str, int]:
    """Do what is due on this day; returns how many of what. Raises AlreadyRunning.

    `dry_run`: do it all and take it all back. `seconds`: begin no further batch after so long; the rest is for the next
    run.
    """
    with _only_one():
        if not dry_run:
            return _run(today or timezone.localdate(), by, files_at_once, rows_at_once, seconds)
        with transaction.atomic():
            counts = _run(today or timezone.localdate(), by, files_at_once, rows_at_once, seconds)
            transaction.set_rollback(True)
        return counts


def _run(
    today: date, by: User | None, files_at_once: int, rows_at_once: int, seconds: float | None
) -> dict[str, int]:
    _end_interrupted()
    row = RetentionRun.objects.create(today=today, by=by)
    work = Work(row, today, files_at_once, rows_at_once, monotonic() + seconds if seconds else None)
    for step in STEPS:
        step(work)
    row.ended_at = timezone.now()
    row.save(update_fields=["ended_at"])
    return dict(work.counts)


def _end_interrupted() -> None:
    """A run that was killed has no end of its own."""
    for row in RetentionRun.objects.filter(ended_at=None):
        row.counts, row.ended_at = {**row.counts, "interrupted": 1}, timezone.now()
        row.save(update_fields=["counts", "ended_at"])


@contextmanager
def _only_one() -> Iterator[None]:
    """An advisory lock of this session: it goes with the connection, however that ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [RUN_LOCK])
        if not cursor.fetchone()[0]:
            raise AlreadyRunning
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [RUN_LOCK])


# --- Files


def _files(work: Work) -> None:
    terms = {"file": term("file").interval, "disclosure": term("disclosure").interval}
    while work.has_time:
        with work.batch() as cursor:
            cursor.execute(
                statements(SQL)["due_files"], {**terms, "today": work.today, "limit": work.files_at_once}
            )
            due = cursor.fetchall()
            if not due:
                return
            _make_anonymous(cursor, due)
            work.counts["files"] += len(due)


def _make_anonymous(cursor: Any, files: list[tuple[UUID, int]]) -> None:
    """Figures first, then everything that hangs on these (file, resident), then the files. Guards must let pass."""
    sql = statements(SQL)
    ids: dict[str, Any] = {
        "files": [str(file) for file, _ in files],
        "residents": [resident for _, resident in files],
    }
    cursor.execute(sql["disclosures_of"], ids)
    ids["disclosures"] = [str(row[0]) for row in cursor.fetchall()]
    cursor.execute(sql["figures"], ids)
    cursor.execute(sql["forget_requests"], ids)
    cursor.execute(sql["file_parts"], ids)
    cursor.execute(sql["file_alerts"], ids)
    alerts.poke_after_commit(row[0] for row in cursor.fetchall())


def keeps_back(youth: Youth) -> str:
    """Why a file cannot be made anonymous today, in Chinese; "" when it can. The caller holds it."""
    if youth.state != Youth.State.CLOSED:
        return "档案还在管，先结档。"
    if youth.handovers.open().exists():
        return "档案还在交接，等对方答复后再办理。"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max((d.given_on + %s::interval)::date) FROM registry_disclosedperson p"
            " JOIN registry_disclosure d ON d.id = p.disclosure_id WHERE p.youth_id = %s",
            [term("disclosure").interval, str(youth.pk)],
        )
        (until,) = cursor.fetchone()
    if until and until > timezone.localdate():
        clause = term("disclosure").clause
        return f"曾向其他单位提供信息，提供记录依法保存到 {until}（{clause}），期满前只保存、不使用。"
    return ""


@transaction.atomic
def make_anonymous(youth: Youth, *, by: User) -> RetentionRun:
    """Make one closed file anonymous before its time, on a request that was granted. Raises Refused.

    The caller has obtained the file in scope, and has answered every request about the person.
    """
    if reason := keeps_back(youth):
        raise Refused(reason)
    row = RetentionRun.objects.create(today=timezone.localdate(), by=by)
    with connection.cursor() as cursor:
        cursor.execute(statements(SQL)["allow"])
        _make_anonymous(cursor, [(youth.pk, youth.resident_id)])
        cursor.execute("SELECT set_config('wuhu_youth.removing', 'off', true)")
    row.counts, row.ended_at = {"files": 1}, timezone.now()
    row.save(update_fields=["counts", "ended_at"])
    return row


# --- People and what was said of them


def _residents(work: Work) -> None:
    sql = statements(SQL)
    after = 0
    while work.has_time:
        with work.batch() as cursor:
            cursor.execute(
                sql["gone_residents"],
                {
                    "after": after,
                    "left": term("left").interval,
                    "today": work.today,
                    "limit": work.rows_at_once,
                },
            )
            gone = cursor.fetchall()
            if not gone:
                return
            after = gone[-1][0]
            households = sorted({row[1] for row in gone if row[1]})
            cursor.execute(
                sql["resident_parts"], {"residents": [row[0] for row in gone], "households": households}
            )
            work.counts["residents"] += len(gone)


def _images(work: Work) -> None:
    """A batch's images at a time in pieces; when the last is gone, the batch says so and can no longer be undone."""
    sql = statements(SQL)
    keep = {"keep": term("batch_images").interval, "today": work.today}
    while work.has_time:
        with work.batch() as cursor:
            cursor.execute(sql["old_batches"], keep)
            found = cursor.fetchone()
            if found is None:
                return
            cursor.execute(sql["images_gone"], {"batch": found[0]})
            while _deleted(
                cursor, sql["images"], {"batch": found[0], "limit": work.rows_at_once}, work, "images"
            ):
                pass


def _deleted(cursor: Any, statement: str, parameters: dict[str, Any], work: Work, key: str) -> list[Any]:
    """Execute a DELETE … RETURNING its keys, and count them."""
    cursor.execute(statement, parameters)
    keys = [row[0] for row in cursor.fetchall()]
    if keys:
        work.counts[key] += len(keys)
    return keys


def _disclosures(work: Work) -> None:
    sql = statements(SQL)
    keep = {"keep": term("disclosure").interval, "today": work.today, "limit": work.rows_at_once}
    while work.has_time:
        with work.batch() as cursor:
            cursor.execute(sql["old_disclosures"], keep)
            ids = [str(row[0]) for row in cursor.fetchall()]
            if not ids:
                return
            cursor.execute(sql["disclosures"], {"ids": ids})
            work.counts["disclosures"] += len(ids)


def _attempts(work: Work) -> None:
    with work.batch() as cursor:
        cursor.execute(statements(SQL)["attempts"], {"keep": term("attempt").interval, "today": work.today})
        if cursor.rowcount:
            work.counts["attempts"] += cursor.rowcount


# --- Tables that need no more than a condition


def _named(statement: str, key: str, keep: str, *, first: Any = 0, **more: str) -> Callable[[Work], None]:
    """A step: the statement, again and again in order of the key, until it finds nothing."""

    def step(work: Work) -> None:
        after = first
        parameters = {"keep": term(keep).interval, "today": work.today, "limit": work.rows_at_once, **more}
        while work.has_time:
            with work.batch() as cursor:
                keys = _deleted(cursor, statement, {**parameters, "after": after}, work, key)
            if not keys:
                return
            after = max(keys)

    return step


def _plain(
    key: str, table: str, keep: str, condition: str, *, first: Any = 0, column: str = "id"
) -> Callable[[Work], None]:
    statement = statements(SQL)["plain"].format(table=table, key=column, condition=condition)
    return _named(statement, key, keep, first=first)


def _over(moment: str) -> str:
    """The condition that what is counted from this column is over."""
    return f"(t.{moment}::date + %(keep)s::interval)::date <= %(today)s"


def _ended(key: str, table: str) -> Callable[[Work], None]:
    return _named(statements(SQL)["ended"].format(table=table), key, "ended")


# Files before residents, since a resident with a file stays; what depends on both comes after.
STEPS: Iterable[Callable[[Work], None]] = (
    _files,
    _disclosures,
    _residents,
    _ended("facts", "registry_fact"),
    _ended("guardianships", "registry_guardianship"),
    _named(statements(SQL)["ended_homes"], "residences", "ended"),
    _named(statements(SQL)["old_moves"], "moves", "ended", first=_NOBODY),
    _named(
        statements(SQL)["candidates"], "candidates", "candidate", first=_NOBODY,
        withdrawn=term("candidate_withdrawn").interval,
    ),
    _plain(
        "grants", "registry_grant", "grant", f"t.youth_id IS NULL AND {_over('asked_at')} AND t.state <> 'asked'",
        first=_NOBODY,
    ),
    _plain("exports", "registry_export", "export", _over("made_at"), first=_NOBODY),
    _images,
    _plain("uploads", "registry_upload", "upload", f"t.file_gone AND {_over('created_at')}", first=_NOBODY),
    _plain(
        "searches", "registry_search", "search",
        f"(t.name = '' AND {_over('created_at')}"
        " OR NOT EXISTS (SELECT FROM grids_user u WHERE u.id = t.owner_id AND u.is_active))",
        first=_NOBODY,
    ),
    _plain(
        "alerts", "grids_alert", "alert", f"({_over('done_at')} OR NOT t.wants_act AND {_over('created_at')})",
        first=_NOBODY,
    ),
    _plain(
        "requests", "registry_personrequest", "request", f"t.outcome <> '' AND {_over('answered_on')}", first=_NOBODY
    ),
    _plain("sign_ins", "grids_signin", "sign_in", _over("ended_at"), first=_NOBODY),
    _plain("account_events", "grids_accountevent", "sign_in", _over("at")),
    _plain("admin_log", "django_admin_log", "sign_in", _over("action_time")),
    _attempts,
    _plain("attempts", "axes_accessfailurelog", "attempt", _over("attempt_time")),
    _plain("attempts", "axes_accesslog", "attempt", _over("attempt_time")),
    _plain("sessions", "django_session", "session", "t.expire_date < now()", first="", column="session_key"),
    _plain("runs", "registry_retentionrun", "run", _over("ended_at")),
)  # fmt: skip
