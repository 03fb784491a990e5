"""The feeds' desk 数据: take a department's file in, have it rehearsed, apply it, approve or decline a held one.

Each verb moves an upload from one state to the next by one conditional update, so that of two people who press at the
same moment one wins, and the other is told who it was. The work itself is a task's (registry/feed_work.py); if the
task is lost the row still says what is wanted, and the sweep sends it again.
"""

import uuid
from datetime import date, timedelta
from typing import Any

import structlog
from celery import Task
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from grids.alerts import PUBLISH_OPTIONS, PUBLISH_SECONDS
from grids.models import User
from grids.permissions import Permission

from . import feed_files, feed_work
from .models import Batch, Source, Upload

# A task not begun after so long was lost, or no worker is there to take it.
LOST_AFTER = timedelta(seconds=60)
# A task has its lock within a moment of telling that it began.
_BEGINS_WITHIN = timedelta(seconds=5)

logger = structlog.get_logger(__name__)


class Refused(Exception):
    """It cannot be done now; the message says why, in Chinese."""


def store(
    *,
    source: Source,
    kind: str,
    mode: str,
    as_of: date,
    file: UploadedFile,
    by: User,
    submission_key: uuid.UUID,
) -> Upload:
    """Keep the file and have it rehearsed. The same form again gives the first upload."""
    if first := Upload.objects.filter(submission_key=submission_key, loaded_by=by).first():
        return first
    if source.refusal:
        raise Refused(f"{source.refusal}。")
    new_id = uuid.uuid4()
    lines = feed_files.store(file, new_id)
    upload = Upload(
        id=new_id,
        source=source,
        kind=kind,
        mode=mode,
        as_of=as_of,
        file_name=(file.name or "")[-200:],
        size=file.size or 0,
        line_count=max(lines - 1, 0) if (file.name or "").lower().endswith(".csv") else None,
        loaded_by=by,
        submission_key=submission_key,
    )
    try:
        with transaction.atomic():
            upload.save(force_insert=True)
    except IntegrityError:
        feed_files.delete(upload)
        first = Upload.objects.filter(submission_key=submission_key, loaded_by=by).first()
        if first is None:
            raise Refused("页面已过期，请重新打开后再提交。") from None
        return first
    except BaseException:
        feed_files.delete(upload)
        raise
    _send_after_commit(upload)
    return upload


def order_apply(upload: Upload, *, by: User) -> None:
    """Apply what was rehearsed. Raises Refused when somebody was faster."""
    if not by.may(Permission.LOAD_FEEDS):
        raise Refused("您没有加载数据的权限。")
    _advance(upload, Upload.State.CHECKED, Upload.State.APPLYING, ordered_by=by)


def approve(upload: Upload, *, by: User) -> None:
    """Apply what the breaker held, on a second person's word. Raises Refused."""
    if not by.may(Permission.APPROVE_FEEDS):
        raise Refused("您没有批准数据的权限。")
    if by.pk in (upload.loaded_by_id, upload.ordered_by_id):
        raise Refused("加载的人不能自己批准，请由另一位有权限的人批准。")
    _advance(upload, Upload.State.HELD, Upload.State.APPLYING, approved_by=by)


def _advance(upload: Upload, before: str, after: str, **fields: Any) -> None:
    values = {"state": after, "queued_at": timezone.now(), "started_at": None, "message": "", **fields}
    if not Upload.objects.filter(pk=upload.pk, state=before).update(**values):
        raise Refused(_overtaken(upload))
    upload.refresh_from_db()
    _send_after_commit(upload)


def _overtaken(upload: Upload) -> str:
    now = Upload.objects.select_related("ordered_by", "approved_by", "ended_by").get(pk=upload.pk)
    who = now.ended_by or now.approved_by or now.ordered_by
    return (
        f"已由{who.name}办理，现在是“{now.get_state_display()}”。"
        if who
        else "这份文件的状态已变，请看最新情况。"
    )


@transaction.atomic
def decline(upload: Upload, *, reason: str, by: User) -> None:
    """Do not use this file: it is deleted, and a batch that the breaker held ends with it. Raises Refused."""
    held = Upload.objects.select_for_update(of=("self",)).select_related("batch").get(pk=upload.pk)
    if held.state not in Upload.ON_THE_DESK or standing(held).is_running:
        raise Refused(_overtaken(upload))
    _end(held, Upload.State.DECLINED, reason, by=by)


def _end(upload: Upload, state: str, message: str, *, by: User | None) -> None:
    if upload.batch and upload.batch.state == Batch.State.HELD:
        upload.batch.state = Batch.State.DECLINED
        upload.batch.save(update_fields=["state"])
    upload.state, upload.message = state, message
    upload.ended_by, upload.ended_at = by, timezone.now()
    upload.save(update_fields=["state", "message", "ended_by", "ended_at"])
    feed_files.delete_after_commit(upload)


def restart(upload: Upload) -> None:
    """Begin again what was interrupted. Raises Refused while it runs, or when there is nothing to run."""
    if not standing(upload).is_interrupted:
        raise Refused(_overtaken(upload))
    _advance(upload, upload.state, upload.state)


# --- How it stands


class Standing:
    """Where a piece of work is: waiting for a worker, running, or interrupted."""

    def __init__(self, upload: Upload, work: feed_work.Work | None) -> None:
        now = timezone.now()
        self.upload, self.work = upload, work
        began = upload.started_at is not None
        fresh = upload.started_at is not None and now - upload.started_at < _BEGINS_WITHIN
        self.is_running = upload.is_working and (work is not None or (fresh and not upload.message))
        self.is_interrupted = upload.is_working and began and not self.is_running
        self.is_waiting = upload.is_working and not began
        self.is_lost = self.is_waiting and now - upload.queued_at > LOST_AFTER
        self._seconds = int((now - (upload.started_at or upload.queued_at)).total_seconds())

    @property
    def moves_on_by_itself(self) -> bool:
        """Whether a page need only look again."""
        return self.is_running or (self.is_waiting and not self.is_lost)

    @property
    def elapsed(self) -> str:
        """How long it waits or runs."""
        return f"{self._seconds} 秒" if self._seconds < 120 else f"{self._seconds // 60} 分钟"

    @property
    def rows_read(self) -> int | None:
        return self.work.rows if self.work else None


def standing(upload: Upload) -> Standing:
    work = feed_work.at_work([upload.pk]) if upload.is_working else {}
    return Standing(upload, work.get(upload.pk))


# --- Sending, and sending again


def _send_after_commit(upload: Upload) -> None:
    transaction.on_commit(lambda: send(upload), robust=True)


def send(upload: Upload) -> None:
    """Hand the work to Celery, or let it be: the sweep sends what was not taken."""
    from .tasks import apply_upload, check_upload  # noqa: PLC0415 - tasks import this module

    task: Task = check_upload if upload.state == Upload.State.CHECKING else apply_upload
    if settings.CELERY_TASK_ALWAYS_EAGER:
        task.delay(str(upload.pk))
        return
    try:
        with task.app.connection_for_write(
            connect_timeout=PUBLISH_SECONDS, transport_options=PUBLISH_OPTIONS
        ) as broker:
            task.apply_async([str(upload.pk)], connection=broker, retry=False)
    except (KombuError, RedisError, OSError) as error:
        logger.warning("feed upload not sent", upload=str(upload.pk), error=type(error).__name__)


def send_lost() -> int:
    """Send again what nobody has begun; a task too many finds nothing to do. Called by the sweep."""
    waiting = Upload.objects.filter(
        state__in=Upload.WORKING, started_at=None, queued_at__lt=timezone.now() - LOST_AFTER
    )
    for upload in waiting:
        send(upload)
    return len(waiting)


def expire() -> int:
    """Give up what nobody decided on for seven days, and delete whatever is done with. Called every night."""
    old = Upload.objects.on_the_desk().filter(created_at__lt=timezone.now() - feed_files.KEPT_FOR)
    for upload in old.select_related("batch"):
        if not standing(upload).is_running:
            with transaction.atomic():
                _end(upload, Upload.State.EXPIRED, "七天内没有办理，文件已删除。", by=None)
    return feed_files.purge()
