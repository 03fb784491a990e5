"""What a run of the retention policy 保存期限 deletes beside files: people, what was said of them, and everything else.

Each step goes batch by batch until it finds nothing or its time is up (registry/retention.py runs them in order).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from .models import RetentionRun
from .retention_policy import term
from .sql import statements

SQL = "retention.sql"
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
    "reports": "住户和地方的上报",
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
            if not gone and not after:
                return
            # Round again from the first: whose ward has gone is nobody's guardian any more.
            after = gone[-1][0] if gone else 0
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


# In this order: files go before residents (registry/retention.py), since a resident with a file stays.
STEPS: tuple[Callable[[Work], None], ...] = (
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
    # Those of a file go with it. What others were joined to goes after them.
    _plain(
        "reports", "referrals_report", "report",
        f"t.youth_id IS NULL AND t.case_id IS NULL AND t.state <> 'new' AND {_over('ended_at')}"
        " AND NOT EXISTS (SELECT FROM referrals_report j WHERE j.joined_to_id = t.id)",
        first=_NOBODY,
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
