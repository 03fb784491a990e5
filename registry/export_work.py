"""Long exports, made by a task: begun, made, lost ones sent again, files gone after a day.

The row is the message: a task that was lost is sent again by the sweep, one too many finds nothing to do. The list is
read again as the person may see it when the task runs, and the reading is recorded before a cell is written.
"""

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection
from django.http import QueryDict
from django.utils import timezone
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from grids.permissions import Permission

from . import readings
from .exports import KEPT_FOR, MOST_ROWS
from .filters.lists import YouthList
from .models import Export, Reading, Search
from .snapshots import snapshot
from .youth_sheet import youth_sheet

# Any number that nobody else in this database takes for its pairs of locks: "exprt" on a telephone's keys.
LOCK = 39778
LOST_AFTER = timedelta(minutes=2)
_BECAUSE = "the worker makes and deletes the files of exports, whoever's they are"
_FAILED = "出了意外，没有生成文件。请重新导出；仍不行请联系系统管理员。"
_NOT_ALLOWED = "任职或条件有变化，没有生成文件。请重新导出。"

logger = structlog.get_logger(__name__)


def send(export: Export) -> None:
    """Hand the work to Celery, or let it be: the sweep sends what was not taken."""
    from .tasks import make_export  # noqa: PLC0415 - tasks import this module

    try:
        make_export.delay(str(export.pk))
    except (KombuError, RedisError, OSError) as error:
        logger.warning("export not sent", export=str(export.pk), error=type(error).__name__)


def make(export_id: UUID) -> None:
    """Make the file of this export. Safe to repeat; what goes wrong is told on its page."""
    with _alone(export_id) as alone:
        waiting = Export.objects.everyone(because=_BECAUSE).filter(state=Export.State.MAKING, pk=export_id)
        export = waiting.select_related("by").first() if alone else None
        if export is None:
            return
        try:
            _make(export)
        except Exception:
            logger.exception("export failed", export=str(export_id))
            _end(export, Export.State.FAILED, message=_FAILED)


def _make(export: Export) -> None:
    params = QueryDict(export.query)
    search = Search.objects.filter(owner=export.by, pk=params["s"]).first() if "s" in params else None
    gone = "s" in params and search is None
    listing = YouthList(export.by, params, search, permission=Permission.EXPORT)
    may = export.post == export.by.label and export.by.may(Permission.EXPORT)
    if gone or not may or not listing.is_valid:
        _end(export, Export.State.FAILED, message=_NOT_ALLOWED)
        return
    with snapshot(recorded=True):
        rows = listing.all_rows(MOST_ROWS)
        reading = readings.record_for(
            export.by, page="youths_export", what=Reading.Subject.YOUTH, ids=listing.shown, purpose="导出名单"
        )
        export.reading_id, export.row_count = reading.pk, len(rows)
        export.save(update_fields=["reading_id", "row_count"])

    def report(done: int) -> None:
        Export.objects.everyone(because=_BECAUSE).filter(pk=export.pk).update(done_count=done)

    sheet = youth_sheet(listing, rows, export, report=report)
    _store(export.path, sheet.getvalue())
    _end(export, Export.State.READY, ends_at=timezone.now() + KEPT_FOR)


def _end(export: Export, state: str, **fields: Any) -> None:
    Export.objects.everyone(because=_BECAUSE).filter(pk=export.pk).update(state=state, **fields)


def _store(path: Path, data: bytes) -> None:
    """Whole or not at all, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    unfinished.replace(path)


class _alone:  # noqa: N801 - used as a function
    """Whether this task is the only one at this export; the lock goes with the connection."""

    def __init__(self, export_id: UUID) -> None:
        self.key = [LOCK, int.from_bytes(export_id.bytes[:4], signed=True)]
        self.held = False

    def __enter__(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", self.key)
            self.held = bool(cursor.fetchone()[0])
        return self.held

    def __exit__(self, *error: object) -> None:
        if self.held:
            with suppress(Exception), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", self.key)


def send_lost() -> int:
    """Send again what nobody finished; one that is being made finds itself locked. Called by the sweep."""
    since = timezone.now() - LOST_AFTER
    waiting = Export.objects.everyone(because=_BECAUSE).filter(state=Export.State.MAKING, made_at__lt=since)
    for export in waiting:
        send(export)
    return len(waiting)


def purge() -> int:
    """Delete the files whose day is over, and those without a row; returns how many. Called by the sweep."""
    now = timezone.now()
    rows = Export.objects.everyone(because=_BECAUSE)
    ended = rows.filter(state__in=[Export.State.MAKING, Export.State.READY], ends_at__lt=now)
    gone = _delete(list(ended))
    kept = {f"{pk}.xlsx" for pk in rows.filter(state=Export.State.READY).values_list("pk", flat=True)}
    oldest = (now - KEPT_FOR).timestamp()
    folder = Path(settings.EXPORT_FILES_DIR)
    for path in folder.glob("*") if folder.is_dir() else ():
        if path.name not in kept and path.is_file() and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _delete(exports: list[Export]) -> int:
    for export in exports:
        export.path.unlink(missing_ok=True)
        _end(export, Export.State.GONE)
    return len(exports)
