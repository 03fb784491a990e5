"""Files on the feeds' desk: stored for their owner alone, found by the id of their row, deleted when done with.

What a department sends holds whole ID numbers. It lies under settings.FEED_FILES_DIR while it waits, the sheets of
refused rows under settings.FEED_ERRORS_DIR for thirty days; no name that somebody typed is ever part of a path.
"""

import os
import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from .models import Upload
from .retention_policy import term

KEPT_FOR = timedelta(days=term("feed_file").days)
ERRORS_KEPT_FOR = timedelta(days=term("errors_sheet").days)
# A file without a row: the row is written a moment after it.
_ORPHANED_AFTER = timedelta(days=1)


def store(file: UploadedFile, upload_id: UUID) -> int:
    """Write the upload to its place (0600 in a folder 0700), whole or not at all; returns its number of lines."""
    folder = settings.FEED_FILES_DIR
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    unfinished = folder / f".{upload_id}.part"
    lines = 0
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            for piece in file.chunks():
                lines += piece.count(b"\n")
                target.write(piece)
        unfinished.replace(folder / str(upload_id))
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return lines


def delete(upload: Upload) -> None:
    Path(upload.path).unlink(missing_ok=True)
    Upload.objects.filter(pk=upload.pk).update(file_gone=True)


def delete_after_commit(upload: Upload) -> None:
    """The file goes when what makes it needless is certain; what fails then, the nightly `purge` makes good."""
    transaction.on_commit(partial(delete, upload), robust=True)


def errors_path(name: UUID) -> Path:
    path: Path = settings.FEED_ERRORS_DIR / f"{name}.xlsx"
    return path


def purge() -> int:
    """Delete what nobody needs any more: files off the desk, files without a row, old sheets; returns how many."""
    gone = 0
    for upload in Upload.objects.filter(file_gone=False).exclude(state__in=Upload.ON_THE_DESK):
        delete(upload)
        gone += 1
    known = {str(pk) for pk in Upload.objects.filter(file_gone=False).values_list("pk", flat=True)}
    for folder, kept_for, keep in (
        (settings.FEED_FILES_DIR, _ORPHANED_AFTER, known),
        (settings.FEED_ERRORS_DIR, ERRORS_KEPT_FOR, set()),
    ):
        oldest = time.time() - kept_for.total_seconds()
        for path in folder.glob("*") if folder.is_dir() else ():
            if path.name not in keep and path.is_file() and path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
                gone += 1
    return gone
