"""How gunicorn serves the site: it reads this file in the folder it starts in. The address is given when starting."""

import gc
import os
import sys
from pathlib import Path

# The console script does not look for modules where it is started.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from wuhu_youth import logs

wsgi_app = "wuhu_youth.wsgi"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 8
# Answers under way are finished, then the worker goes.
graceful_timeout = 20
# Heartbeats of the workers in memory: on a slow disk a busy worker would pass for a dead one.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - gunicorn makes its own file
control_socket_disable = True


def post_worker_init(worker: object) -> None:
    """What was loaded by now stays for good: the collector need not look through it in the middle of an answer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


# Gunicorn's own lines go the way of all others: JSON, without numbers of people. Requests are logged by our middleware.
logconfig_dict = logs.configuration(level=os.environ.get("LOG_LEVEL", "INFO").upper())
logconfig_dict["loggers"]["gunicorn.error"] = {"handlers": [], "level": "INFO", "propagate": True}
