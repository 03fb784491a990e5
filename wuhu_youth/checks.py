"""System checks of the installation itself. Those of the database run with `migrate` and `check --database default`."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connections


def refuse_unsound() -> None:
    """For programs that run no checks of their own (gunicorn, Celery): those of the register, or no start.

    Raises SystemCheckError.
    """
    faults = [message for message in run_checks(tags=["register"]) if message.is_serious()]
    if faults:
        raise SystemCheckError("\n".join(map(str, faults)))


def refuse_older_database() -> None:
    """No site on a database that was restored from before a seal 封存: `manage.py replay_seals` first.

    Raises SystemCheckError. A database that does not answer (yet) is told by /readyz.
    """
    from registry import seal_ledger

    try:
        ahead, untold = seal_ledger.ahead(), seal_ledger.missing()
    except DatabaseError:
        return
    except seal_ledger.LedgerBroken as broken:
        raise SystemCheckError(f"封存台账不可用：{broken}。 The ledger of seals cannot be used.") from broken
    if ahead:
        raise SystemCheckError(
            f"封存台账里有 {len(ahead)} 件封存不在这个数据库里（恢复了较早的备份）。请先执行 manage.py replay_seals。"
            " The ledger of seals is ahead of this database: run manage.py replay_seals before the site opens."
        )
    if untold:
        raise SystemCheckError(
            f"数据库里有 {len(untold)} 件封存不在封存台账里：台账丢失，或 SEAL_LEDGER 指错了地方。"
            "核对后执行 manage.py replay_seals 补记。"
            " The ledger does not tell of every seal: is SEAL_LEDGER the right file? Then run manage.py replay_seals."
        )


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
