"""What a page of this app shows of youths is told to the app that keeps the readings 查阅记录: see `on_show`."""

from collections.abc import Callable, Iterable
from typing import Protocol
from uuid import UUID

from django.http import HttpRequest

from .models import Alert


class Recorder(Protocol):
    def __call__(self, request: HttpRequest, *, ids: Iterable[UUID], purpose: str) -> None: ...


_recorder: list[Recorder] = []


def on_show(recorder: Recorder) -> Callable[[], None]:
    """Have this told of every list of alerts before it is shown. Returns how to undo it."""
    _recorder.append(recorder)
    return lambda: _recorder.remove(recorder)


def files_of(alerts: Iterable[Alert]) -> list[UUID]:
    """The files that these alerts name, each once."""
    return list(dict.fromkeys(alert.subject_id for alert in alerts if alert.subject_id))


def tell(request: HttpRequest, alerts: Iterable[Alert]) -> None:
    """These alerts are about to be shown to the person of this request."""
    if not _recorder:
        raise LookupError("nobody records what is shown: an app has to call on_show when it starts")
    for recorder in _recorder:
        recorder(request, ids=files_of(alerts), purpose="提醒")
