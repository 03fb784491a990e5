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

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
from .retention_steps import LABELS, SQL, STEPS, Work
from .seal_ledger import Entry
from .sql import statements

__all__ = [
    "LABELS",
    "AlreadyRunning",
    "apply",
    "erase_again",
    "goes_with_a_file",
    "keeps_back",
    "make_anonymous",
]

RUN_LOCK = 738246  # "retain" on a telephone's keys
FILES_AT_ONCE = 200
ROWS_AT_ONCE = 5_000


# What higher apps keep of a file: see `goes_with_a_file`.
@dataclass(frozen=True)
class Hanging:
    """Parts of a file in a higher app. `waits`: a condition on the file `y`, in SQL; `words`: the same in Chinese."""

    deletes: str
    waits: str = ""
    words: str = ""


hanging: list[Hanging] = []


def goes_with_a_file(deletes: str, *, waits: str = "", words: str = "") -> None:
    """Have a higher app's rows go with a file: DELETEs by %(files)s::uuid[], what points to others first.

    A file for which `waits` holds stays until it does not. An app says so when it starts.
    """
    hanging.append(Hanging(deletes, waits, words))


class AlreadyRunning(Exception):
    """Another run is at work."""


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
    for step in (_files, *STEPS):
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
    waits = "".join(f" AND NOT ({each.waits})" for each in hanging if each.waits)
    due_files = statements(SQL)["due_files"].format(waits=waits)
    while work.has_time:
        with work.batch() as cursor:
            cursor.execute(due_files, {**terms, "today": work.today, "limit": work.files_at_once})
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
    for each in hanging:
        cursor.execute(each.deletes, ids)
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
        for each in hanging:
            if each.waits:
                query = f"SELECT EXISTS (SELECT FROM registry_youth y WHERE y.id = %s AND ({each.waits}))"  # noqa: S608
                cursor.execute(query, [str(youth.pk)])
                if cursor.fetchone()[0]:
                    return each.words
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
    return _alone(youth, by=by)


@transaction.atomic
def erase_again(entry: Entry) -> None:
    """After a restore: what was erased on request since the backup goes again, in whatever state it came back."""
    everyone = Youth.objects.everyone(because="what was erased on request is erased again after a restore")
    held: Youth | None = everyone.select_for_update(of=("self",)).filter(pk=entry.seal).first()
    if held is None:
        return
    if held.state != Youth.State.CLOSED:
        held.state, held.closed_reason = Youth.State.CLOSED, "按请求删除"
        held.closed_on = date.fromisoformat(entry.data["closed_on"])
        held.save_without_historical_record(update_fields=["state", "closed_reason", "closed_on"])  # type: ignore[attr-defined]
    _alone(held, by=User.objects.filter(pk=entry.data["by"]).first())


def _alone(youth: Youth, *, by: User | None) -> RetentionRun:
    """Make this one file anonymous, in the caller's transaction."""
    row = RetentionRun.objects.create(today=timezone.localdate(), by=by)
    with connection.cursor() as cursor:
        cursor.execute(statements(SQL)["allow"])
        _make_anonymous(cursor, [(youth.pk, youth.resident_id)])
        cursor.execute("SELECT set_config('wuhu_youth.removing', 'off', true)")
    row.counts, row.ended_at = {"files": 1}, timezone.now()
    row.save(update_fields=["counts", "ended_at"])
    return row
