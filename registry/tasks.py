"""What the worker does for the register: the feeds' desk, long exports, and the nightly retention 保存期限."""

from contextlib import suppress
from uuid import UUID

from celery import shared_task

from . import export_work, feed_work, retention


@shared_task
def check_upload(upload_id: str) -> None:
    feed_work.check(UUID(upload_id))


# The worker ends a task after 25 minutes; what is left then is for the next night.
RETENTION_SECONDS = 20 * 60


@shared_task
def apply_retention() -> None:
    """What the retention policy lets go. Another one at work does the same."""
    with suppress(retention.AlreadyRunning):
        retention.apply(seconds=RETENTION_SECONDS)


@shared_task
def apply_upload(upload_id: str) -> None:
    feed_work.apply(UUID(upload_id))


@shared_task
def make_export(export_id: str) -> None:
    export_work.make(UUID(export_id))
