"""Readings 查阅记录: every page, list and sheet that names people says whom it named, before it is shown.

Written in the transaction of the read (`snapshot(recorded=True)`, or `atomic`): when it cannot be recorded, nothing
is shown.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest

from grids.models import User
from grids.models.staff import acting_user

from .models import Reading

Id = int | UUID


class NotRecorded(Exception):
    """The reading could not be written: nothing is shown (the page of this error stands in wuhu_youth/errors.py)."""


def subject_id(key: Id) -> UUID:
    """How a reading names a row: a uuid is itself, an internal id the uuid of that number (random ones never are)."""
    return key if isinstance(key, UUID) else UUID(int=key)


def record(
    request: HttpRequest, *, what: str, ids: Iterable[Id], purpose: str = "", page: str = ""
) -> Reading:
    """That the person of this request was shown these (one statement). `what` is a Reading.Subject.

    `page`: the name of another page that shows the same, where that of this one would tell what it was opened for.
    An empty list is a reading as well: to have looked and found nobody is known too. Raises NotRecorded.
    """
    return record_for(
        acting_user(request.user),
        page=page or (request.resolver_match.view_name if request.resolver_match else ""),
        what=what,
        ids=ids,
        purpose=purpose,
        request_id=getattr(request, "request_id", ""),
    )


def record_for(
    user: User, *, page: str, what: str, ids: Iterable[Id], purpose: str, request_id: str = ""
) -> Reading:
    """The same for what the worker makes for somebody. Raises NotRecorded."""
    subjects = list(dict.fromkeys(map(subject_id, ids)))
    try:
        return Reading.objects.create(
            by=user,
            post=user.label,
            page=page,
            purpose=purpose,
            subject=what,
            count=len(subjects),
            subject_ids=subjects,
            request_id=request_id,
        )
    except DatabaseError as error:
        raise NotRecorded from error


def record_files(request: HttpRequest, *, ids: Iterable[Id], purpose: str) -> None:
    """That the person of this request was shown these files, or what names them."""
    record(request, what=Reading.Subject.YOUTH, ids=ids, purpose=purpose)
