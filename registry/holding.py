"""A file held for a change: locked, still in scope, still open; and what a verb may refuse."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Model

from grids.models import User
from grids.permissions import Permission

from . import tombstones
from .models import Youth


class Refused(Exception):
    """What was asked does not fit what is known. `str()` is for the user; `field` is the form field it is about."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class FileClosed(Refused):
    """The file was closed: it can be read, not changed."""


class StaleEdit(Refused):
    """Somebody changed the file after this form was opened; `youth` is the file as it is now."""

    def __init__(self, youth: Youth) -> None:
        super().__init__("您打开这个表单以后，别人改过这份档案。")
        self.youth = youth


def hold(youth: Youth, *, by: User, permission: Permission = Permission.SEE_YOUTHS) -> Youth:
    """The same file read again under a lock, still in the scope of `by` and still open.

    Raises Youth.DoesNotExist when it has meanwhile passed to another grid, FileClosed when it was closed.
    """
    mine = Youth.objects.visible_to(by, permission)
    held: Youth = (
        mine.select_for_update(of=("self",), no_key=True).select_related("resident").get(pk=youth.pk)
    )
    if held.state == Youth.State.CLOSED:
        raise FileClosed("这份档案已结，不能再修改。")
    return held


def keep(instance: Model, *, by: User, why: str, fields: list[str] | None = None) -> None:
    """Save (these fields of) a model with history, with who and why: `why` is a phrase of ours, not about people."""
    instance._history_user = by  # type: ignore[attr-defined]
    instance._change_reason = why[:100]  # type: ignore[attr-defined]
    instance.save(update_fields=fields)


_USED_KEY = "页面已过期，请重新打开后再提交。"


def refuse_used(submission_key: UUID | None) -> None:
    """A form that was sent before, and whose rows are not to be found (any more), was used up by that."""
    if submission_key is not None and tombstones.is_used(submission_key):
        raise Refused(_USED_KEY)


@contextmanager
def once() -> Iterator[None]:
    """Around the insert of a row with a submission key, after a look-up among the same file's rows found none.

    A key that another file's row has was not made for this act: Refused, and no word about that row.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise Refused(_USED_KEY) from None
