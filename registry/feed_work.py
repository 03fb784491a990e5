"""The work behind the feeds' desk, run by Celery: rehearse a stored file 试算, then apply it 应用.

A rehearsal is the real thing, taken back at its end: its figures are the true ones, also those of a file that the
circuit breaker will hold. While one upload is worked on, its task holds an advisory lock of its session. It goes with
the connection, however that ends, so a page can tell a task that works from one that was killed.
"""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from python_calamine import CalamineWorkbook

from . import feed_files
from .feeds import batches
from .models import Batch, Source, Upload
from .sql import statements

# Any number that nobody else in this database takes for its pairs of locks: "feeds" on a telephone's keys.
LOCK = 33337
MOST_REASONS = 30
SHOWN_LINES = 20
# Reading a longer errors sheet would take longer than it helps: it can be downloaded.
MOST_LINES_READ = 20_000
_NEVER_JUDGED = 2**31 - 1
_FAILED = "出了意外，没有改变任何数据。可以重新开始；仍不行请联系系统管理员。"
_TOO_LONG = "超过时限，已停下，没有改变任何数据。可以重新开始，或分成几份报送。"

logger = structlog.get_logger(__name__)


def check(upload_id: UUID) -> None:
    """Rehearse the file and keep what it would do. Safe to repeat."""
    with _working_on(upload_id, Upload.State.CHECKING) as upload:
        if upload is None:
            return
        try:
            report, errors_id = _rehearse(upload)
        except (batches.Unusable, batches.AlreadyApplied) as refusal:
            _refuse(upload, str(refusal))
        else:
            upload.report, upload.errors_id = report, errors_id
            upload.state = Upload.State.CHECKED
            upload.save(update_fields=["report", "errors_id", "state"])


def apply(upload_id: UUID) -> None:
    """Apply the file, or have it held by the breaker; with `approved_by` a held one. Safe to repeat."""
    with _working_on(upload_id, Upload.State.APPLYING) as upload:
        if upload is None:
            return
        try:
            with transaction.atomic():
                _apply(upload)
        except (batches.Unusable, batches.AlreadyApplied) as refusal:
            if upload.batch_id is None:
                _refuse(upload, str(refusal))
            else:
                _hold(upload, str(refusal))


def _apply(upload: Upload) -> None:
    """In one transaction with the batch: nobody sees the one without the other."""
    counts = batches.load(_order(upload, approve=upload.approved_by_id is not None))
    batch = Batch.objects.get(pk=counts["batch"])
    batch.file_name = upload.file_name
    if not counts["held"]:
        batch.counts |= _affected(batch)
    batch.save(update_fields=["file_name", "counts"])
    upload.batch = batch
    if counts["held"]:
        _hold(upload, "")
        return
    upload.state, upload.ended_at = Upload.State.APPLIED, timezone.now()
    upload.ended_by = upload.approved_by or upload.ordered_by
    upload.save(update_fields=["batch", "state", "ended_at", "ended_by"])
    feed_files.delete_after_commit(upload)


def _hold(upload: Upload, message: str) -> None:
    upload.state, upload.message, upload.approved_by = Upload.State.HELD, message, None
    upload.save(update_fields=["batch", "state", "message", "approved_by"])


def _refuse(upload: Upload, message: str) -> None:
    upload.state, upload.message, upload.ended_at = Upload.State.REFUSED, message[:500], timezone.now()
    upload.save(update_fields=["state", "message", "ended_at"])
    feed_files.delete_after_commit(upload)


def _order(upload: Upload, *, approve: bool = False) -> batches.Order:
    by = upload.approved_by if approve else upload.ordered_by or upload.loaded_by
    return batches.Order(
        kind=upload.kind,
        path=upload.path,
        source=upload.source_id,
        as_of=upload.as_of,
        mode=upload.mode,
        approve=approve,
        by=by,
    )


# --- The rehearsal


def _rehearse(upload: Upload) -> tuple[dict[str, Any], UUID | None]:
    """(what the file would do, the name of its errors sheet). Changes nothing."""
    with transaction.atomic():
        counts, is_held = _load(upload)
        batch = Batch.objects.get(pk=counts["batch"])
        report = {**batch.counts, **counts, **_affected(batch), "held": is_held}
        transaction.set_rollback(True)
    for key in ("batch", "errors_file"):
        report.pop(key, None)
    if not counts["errors_file"]:
        return report, None
    return report | _refused_rows(Path(counts["errors_file"]), counts["rejected"]), batch.pk


def _load(upload: Upload) -> tuple[dict[str, Any], bool]:
    """The counts of the file as if nothing would hold it, and whether something will."""
    with transaction.atomic():
        counts = batches.load(_order(upload))
        if not counts["held"]:
            return counts, False
        transaction.set_rollback(True)
    if counts["errors_file"]:
        Path(counts["errors_file"]).unlink(missing_ok=True)
    Source.objects.filter(pk=upload.source_id).update(judged_from=_NEVER_JUDGED)  # until the rollback
    return batches.load(_order(upload)), True


def _affected(batch: Batch) -> dict[str, Any]:
    """{"handovers_by_district": {code: n}, …} of a batch merged in this transaction; likewise alerts and candidates."""
    sql = statements("feed_report.sql")
    found = {}
    with connection.cursor() as cursor:
        for name in ("handovers", "alerts", "candidates"):
            cursor.execute(sql[name], {"batch": batch.pk})
            found[f"{name}_by_district"] = dict(cursor.fetchall())
    return found


def _refused_rows(sheet: Path, rejected: int) -> dict[str, Any]:
    """Why rows were refused: {"reasons": [[field, reason, n]], "lines": [[line, field, reason]]}; values are masked."""
    if rejected > MOST_LINES_READ:
        return {}
    reasons: dict[tuple[str, str], int] = {}
    lines: list[list[str]] = []
    rows = CalamineWorkbook.from_path(sheet).get_sheet_by_index(0).iter_rows()
    next(rows, None)
    for row in rows:
        line, field, reason = (str(cell) for cell in row[:3])
        reasons[field, reason] = reasons.get((field, reason), 0) + 1
        if len(lines) < SHOWN_LINES:
            lines.append([line, field, reason])
    often = sorted(reasons.items(), key=lambda item: -item[1])[:MOST_REASONS]
    return {"reasons": [[field, reason, n] for (field, reason), n in often], "lines": lines}


# --- One at a time, and seen to be at work


def lock_number(upload_id: UUID) -> int:
    """The second number of the upload's lock: a signed integer of 32 bits."""
    return int.from_bytes(upload_id.bytes[:4], signed=True)


@contextmanager
def _working_on(upload_id: UUID, state: str) -> Iterator[Upload | None]:
    """The upload, in that state and nobody else's; else None. What goes wrong is told on its page, not raised."""
    with _locked(upload_id) as alone:
        upload = Upload.objects.filter(pk=upload_id, state=state).select_related(
            "source", "loaded_by", "ordered_by", "approved_by"
        )
        found = upload.first() if alone else None
        if found is None:
            yield None
            return
        found.started_at, found.message = timezone.now(), ""
        found.save(update_fields=["started_at", "message"])
        try:
            yield found
        except SoftTimeLimitExceeded:
            _tell(found, _TOO_LONG)
        except Exception:
            logger.exception("feed upload failed", upload=str(upload_id), state=state)
            _tell(found, _FAILED)


def _tell(upload: Upload, message: str) -> None:
    Upload.objects.filter(pk=upload.pk).update(message=message)


@contextmanager
def _locked(upload_id: UUID) -> Iterator[bool]:
    key = [LOCK, lock_number(upload_id)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


@dataclass(frozen=True)
class Work:
    """A task that works on an upload now; `rows` is how many it has read into its staging table, None past that."""

    rows: int | None


_AT_WORK = """
SELECT l.objid::bigint, c.tuples_processed
FROM pg_locks l LEFT JOIN pg_stat_progress_copy c ON c.pid = l.pid AND c.datid = l.database
WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted AND l.classid = %s
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def at_work(upload_ids: Iterable[UUID]) -> dict[UUID, Work]:
    """Which of these uploads a task works on at this moment; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_AT_WORK, [LOCK])
        locks = dict(cursor.fetchall())
    numbers = {lock_number(each) % 2**32: each for each in upload_ids}
    return {numbers[n]: Work(rows) for n, rows in locks.items() if n in numbers}


def errors_sheet(name: uuid.UUID) -> Path:
    return feed_files.errors_path(name)
