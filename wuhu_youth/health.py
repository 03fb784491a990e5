"""`/healthz`: the process lives. `/readyz`: it can work, with the database, the broker and a worker."""

import time

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from registry import seal_ledger
from wuhu_youth.celery import HEARTBEAT_KEY, HEARTBEAT_SECONDS


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when all answer, else 503; says which does not, and nothing about why.

    `seals` is down on a database older than the ledger of seals: `manage.py replay_seals` first.
    """
    broker, worker = _broker_and_worker()
    parts = {"database": _database(), "broker": broker, "worker": worker, "seals": _seals()}
    status = 200 if all(parts.values()) else 503
    return JsonResponse({name: "ok" if well else "down" for name, well in parts.items()}, status=status)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _seals() -> bool:
    try:
        return not seal_ledger.ahead()
    except (DatabaseError, OSError, seal_ledger.LedgerBroken):
        return False


def _broker_and_worker() -> tuple[bool, bool]:
    """Whether Redis answers, and whether a worker finished something lately (beat sends a task every 30 s)."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **settings.REDIS_OPTIONS) as client:
            seen = client.get(HEARTBEAT_KEY)
    except redis.exceptions.RedisError:
        return False, False
    return True, seen is not None and time.time() - int(seen) < HEARTBEAT_SECONDS
