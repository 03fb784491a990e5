"""Outward delivery of alerts: a signed webhook to the city's SMS / WeCom gateway.

An alert is claimed with a lease before it is sent: the attempt is counted and the next moment set in a transaction of
its own, so that a worker that dies in between costs a delay, never a loss, and two workers never send side by side.
The gateway may hear an alert twice; the idempotency key, the alert's id, tells it so. After five tries it is parked.

Without a gateway, delivered means that the open pages were told (the counter is written).
"""

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from . import counters
from .models import Alert

LONGEST_BATCH = 100
MOST_ATTEMPTS = 5
# The first lease, in seconds; it doubles with each attempt: 1, 2, 4, 8, 16 minutes.
LEASE = 60
SEND_SECONDS = 5

logger = structlog.get_logger(__name__)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is meant for the gateway goes to the gateway: a redirect is a refusal."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


class NotDelivered(Exception):
    """The gateway did not take the alert."""


def deliver(user_ids: Iterable[int] | None = None) -> int:
    """Rewrite the counters of whoever waits for an alert and send what is due (of these users, None: of all).

    Returns how many alerts were delivered.
    """
    due = Alert.objects.filter(delivered_at=None, parked_at=None, next_try_at__lte=timezone.now())
    if user_ids is not None:
        due = due.filter(addressee__in=list(user_ids))
    return _send_outward(due) if settings.ALERT_WEBHOOK_URL else _tell_pages(due)


def _tell_pages(due: QuerySet[Alert]) -> int:
    """Read what is due first, write the counters then: what is committed meanwhile stays due."""
    found = list(due.values_list("id", "addressee_id"))
    if not found or not counters.rewrite({user_id for _, user_id in found}):
        return 0
    fresh = Alert.objects.filter(id__in=[alert_id for alert_id, _ in found], delivered_at=None)
    return fresh.update(delivered_at=timezone.now())


def _send_outward(due: QuerySet[Alert]) -> int:
    delivered = 0
    while claimed := _claim(due):
        counters.rewrite({alert.addressee_id for alert in claimed})
        delivered += sum(_try(alert) for alert in claimed)
    return delivered


def _claim(due: QuerySet[Alert]) -> list[Alert]:
    """Take some alerts that nobody else is at: the attempt is counted and committed before it is made."""
    with transaction.atomic():
        locked = due.select_for_update(skip_locked=True).order_by("next_try_at").values_list("id", flat=True)
        claimed = list(Alert.objects.filter(id__in=list(locked[:LONGEST_BATCH])).select_related("addressee"))
        now = timezone.now()
        for alert in claimed:
            alert.attempts += 1
            alert.next_try_at = now + timedelta(seconds=LEASE * 2 ** (alert.attempts - 1))
        Alert.objects.bulk_update(claimed, ["attempts", "next_try_at"])
    return claimed


def _try(alert: Alert) -> bool:
    mine = Alert.objects.filter(pk=alert.pk, delivered_at=None)
    try:
        send(alert)
    except NotDelivered as error:
        logger.warning(
            "alert not delivered", alert_id=str(alert.pk), attempt=alert.attempts, error=str(error)
        )
        if alert.attempts >= MOST_ATTEMPTS:
            mine.update(parked_at=timezone.now())
        return False
    return bool(mine.update(delivered_at=timezone.now()))


def send(alert: Alert) -> None:
    """One POST to the gateway. Raises NotDelivered for anything but a 2xx answer."""
    url = settings.ALERT_WEBHOOK_URL
    body = json.dumps(content(alert), ensure_ascii=False).encode()
    sent_at = str(int(time.time()))
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked when the settings are read
        url,
        data=body,
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": str(alert.pk),
            "X-Timestamp": sent_at,
            "X-Signature": "sha256=" + signature(sent_at, body),
        },
    )
    try:
        with _opener.open(request, timeout=SEND_SECONDS):
            return
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        # The answer's text is not ours to log.
        raise NotDelivered(str(getattr(error, "code", type(error).__name__))) from error


def content(alert: Alert) -> dict[str, Any]:
    """What leaves the house: whom to tell, and a text that names nobody in full and no category."""
    return {
        "id": str(alert.pk),
        "to": alert.addressee.username,
        "kind": alert.kind,
        "text": alert.text,
        "path": f"/alerts/{alert.pk}/",
        "due_at": alert.due_at.isoformat() if alert.due_at else None,
    }


def signature(sent_at: str, body: bytes) -> str:
    """HMAC-SHA256 over "<seconds>.<body>" in hexadecimal, so that an old message cannot be sent again as a new one."""
    key = settings.ALERT_WEBHOOK_SECRET.encode()
    return hmac.new(key, sent_at.encode() + b"." + body, hashlib.sha256).hexdigest()


def parked() -> QuerySet[Alert]:
    """Alerts that the gateway refused five times: for the administrator, who may have them tried again."""
    return Alert.objects.filter(parked_at__isnull=False, done_at=None)


def try_parked_again() -> int:
    """Put the parked alerts back into the queue, with their attempts forgotten. Returns how many."""
    return parked().update(parked_at=None, attempts=0, next_try_at=timezone.now())
