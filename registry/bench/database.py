"""The bench's own database and its processes' environment: nothing of the product's database or Redis is touched.

The command makes (or finds) the database `wuhu_bench_<scale>` on the product's server and then runs itself once more
as a child whose whole environment points there: settings, broker and cache included.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

PREFIX = "wuhu_bench_"
# A number that the product does not use; servers have sixteen unless told otherwise.
REDIS_NUMBER = 15


class NotOurs(RuntimeError):
    """This process is not on a bench database: it would measure, and change, the product's."""


def database_name(scale: float) -> str:
    return PREFIX + f"{scale:g}".replace(".", "_").replace("-", "_")


def folder_of(scale: float) -> Path:
    """Where the feed files, error sheets and collected static files of the bench lie."""
    return Path(settings.VAR) / "bench" / f"{scale:g}"


def ensure_database(name: str, *, anew: bool = False) -> None:
    """Have a database of this name on the server that the product uses; `anew`: an empty one."""
    with connection.cursor() as cursor:
        if anew:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            # template0: a template made with LC_CTYPE C would make names unsearchable.
            cursor.execute(
                f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LC_CTYPE 'C.UTF-8'"
            )


def environment(name: str, folder: Path) -> dict[str, str]:
    """The environment of every process of the bench: the product's own, but on this database and another Redis."""
    return {
        **os.environ,
        "DATABASE_URL": _database_url(connection.settings_dict, name),
        "REDIS_URL": _redis_url(settings.REDIS_URL),
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": settings.FIELD_KEYS,
        "ALLOWED_HOSTS": "127.0.0.1",
        "ALERT_WEBHOOK_URL": "",
        # As behind a proxy that ends TLS, which the clients of the bench stand for.
        "PROXY_COUNT": "1",
        "SECOND_FACTOR": "off",
        "DEBUG": "off",
        "TESTING": "off",
        "LOG_LEVEL": "WARNING",
        "STATIC_ROOT": str(folder / "static"),
        "FILES_ROOT": str(folder / "files"),
        "FEED_FILES_DIR": str(folder / "feed-files"),
        "FEED_ERRORS_DIR": str(folder / "feed-errors"),
    }


def make_sure() -> str:
    """The name of the database that this process works on. Raises NotOurs when it is not one of the bench's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        name: str = cursor.fetchone()[0]
    if not name.startswith(PREFIX):
        raise NotOurs(f"{name} 不是性能测试专用的数据库")
    return name


def remark() -> str:
    """What the city of this database is, "" while it is not complete (kept as the database's comment)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        return cursor.fetchone()[0] or ""


def set_remark(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'COMMENT ON DATABASE "{make_sure()}" IS %s', [text])


def _database_url(known: dict[str, Any], name: str) -> str:
    options = {key: value for key, value in known["OPTIONS"].items() if isinstance(value, str)}
    host = known["HOST"]
    if host.startswith("/"):
        options["host"], host = host, ""
    account = quote(known["USER"], safe="")
    if known["PASSWORD"]:
        account += ":" + quote(known["PASSWORD"], safe="")
    place = f"{account}@{host}" + (f":{known['PORT']}" if known["PORT"] else "")
    query = f"?{urlencode(options)}" if options else ""
    return f"postgresql://{place}/{quote(name)}{query}"


def _redis_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.netloc}{parts.path}?db={REDIS_NUMBER}"
    if parts.scheme in ("redis", "rediss"):
        return urlunsplit((parts.scheme, parts.netloc, f"/{REDIS_NUMBER}", parts.query, ""))
    raise ImproperlyConfigured(f"REDIS_URL: {parts.scheme}://")
