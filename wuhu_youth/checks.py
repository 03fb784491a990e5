"""System checks of the installation itself. Those of the database run with `migrate` and `check --database default`."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.core.management.base import SystemCheckError
from django.db import connections


def refuse_unsound() -> None:
    """For programs that run no checks of their own (gunicorn, Celery): those of the register, or no start.

    Raises SystemCheckError.
    """
    faults = [message for message in run_checks(tags=["register"]) if message.is_serious()]
    if faults:
        raise SystemCheckError("\n".join(map(str, faults)))


@register(Tags.database)
def chinese_can_be_searched(
    app_configs: Any = None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Under LC_CTYPE C, pg_trgm finds no trigrams in Chinese, and searches by name silently find nobody."""
    problems: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT datctype FROM pg_database WHERE datname = current_database()")
            locale = cursor.fetchone()[0]
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
            if cursor.fetchone():
                cursor.execute("SELECT cardinality(show_trgm('张小海'))")
                blind = not cursor.fetchone()[0]
            else:
                blind = locale in {"C", "POSIX"}
        if blind:
            problems.append(
                Error(
                    f"数据库的 LC_CTYPE 是 {locale}，无法按中文姓名检索。"
                    f" LC_CTYPE of the database is {locale}: names in Chinese cannot be searched.",
                    hint="CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LC_CTYPE 'C.UTF-8'",
                    id="wuhu_youth.E001",
                )
            )
    return problems
