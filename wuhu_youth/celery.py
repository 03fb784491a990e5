"""The Celery application. The schedule is static: see CELERY_BEAT_SCHEDULE in the settings."""

import os
import time
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging, task_postrun, worker_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wuhu_youth.settings")

app = Celery("wuhu_youth")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

HEARTBEAT_KEY = "wuhu_youth:worker"
HEARTBEAT_SECONDS = 120


@celeryd_init.connect
@beat_init.connect
def join_embedded_servers(**_: Any) -> None:
    """A worker or beat started by hand serves itself, as manage.py does."""
    from wuhu_youth import embedded

    if embedded.needed():
        embedded.join()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Django has configured logging (JSON, redacted) already; a receiver here keeps Celery from doing it again."""


@worker_init.connect
def refuse_unsound(**_: Any) -> None:
    from wuhu_youth import checks

    checks.refuse_unsound()
    checks.refuse_older_database()


@worker_ready.connect
@task_postrun.connect
def beat_heart(**_: Any) -> None:
    """Tell /readyz that a worker takes tasks. The sweep comes every 30 s, so the key also proves broker and beat."""
    import redis
    from django.conf import settings

    if settings.CELERY_TASK_ALWAYS_EAGER:
        return
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **settings.REDIS_OPTIONS) as client:
            client.set(HEARTBEAT_KEY, int(time.time()), ex=HEARTBEAT_SECONDS)
    except redis.exceptions.RedisError:
        # Then /readyz says so by itself; the task's result is what counts here.
        return
