"""What the worker does for the register: the work of the feeds' desk."""

from uuid import UUID

from celery import shared_task

from . import feed_work


@shared_task
def check_upload(upload_id: str) -> None:
    feed_work.check(UUID(upload_id))


@shared_task
def apply_upload(upload_id: str) -> None:
    feed_work.apply(UUID(upload_id))
