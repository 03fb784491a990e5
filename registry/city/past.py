"""The history rows that the city's past has left, set-based: how what people edit came to stand as it does."""

from typing import Any

from django.apps import apps
from django.db import connection

REASON = "建立样例城市"


def history() -> None:
    """Write the "+" rows of what people edit, and the changes that the city's past has made since."""
    _created("grids", "Grid", "now()")
    _created("grids", "Post", "t.starts_on + time '09:00'")
    _created("grids", "Assignment", "t.starts_on + time '09:00'")
    _youths()
    _enrolments()
    _handovers()


def _youths() -> None:
    accepted = "(SELECT h.{} FROM registry_handover h WHERE h.youth_id = t.id AND h.state = 'accepted')"
    first, at = accepted.format("from_grid_id"), accepted.format("ended_at")
    still_open = {"state": "'open'", "closed_on": "NULL", "closed_reason": "NULL"}
    before = {**still_open, "grid_id": f"coalesce({first}, t.grid_id)"}
    _created("registry", "Youth", "t.opened_on + time '10:00'", before, user="t.opened_by_id")
    _changed("registry", "Youth", at, f"{at} IS NOT NULL", still_open, why="接收交接")
    _changed("registry", "Youth", "t.closed_on + time '16:00'", "t.closed_on IS NOT NULL", why="结档")


def _enrolments() -> None:
    before = {"ends_on": "NULL", "end_reason": "NULL", "ended_by_id": "NULL"}
    _created("registry", "Enrolment", "t.starts_on + time '10:05'", before, user="t.verified_by_id")
    ended = "t.ends_on + time '16:00'"
    _changed("registry", "Enrolment", ended, "t.ends_on IS NOT NULL", why="终止类别", user="t.ended_by_id")


def _handovers() -> None:
    before = {"state": "'offered'", "level": "'grid'", "ended_at": "NULL", "ended_by_id": "NULL"}
    before |= {"return_reason": "''", "note": "NULL"}
    _created("registry", "Handover", "t.offered_at", before)
    ended = "t.ended_at IS NOT NULL"
    _changed("registry", "Handover", "t.ended_at", ended, why="交接结束", user="t.ended_by_id")
    raised = "least(t.offered_at + interval '3 days', now())"
    _changed("registry", "Handover", raised, "t.state = 'escalated'", why="超时未接收，上报")


def _created(
    app: str, name: str, at: str, values: dict[str, str] | None = None, *, user: str = "NULL"
) -> None:
    _history(app, name, at, "true", values or {}, kind="+", why=REASON, user=user)


def _changed(
    app: str,
    name: str,
    at: str,
    where: str,
    values: dict[str, str] | None = None,
    *,
    why: str,
    user: str = "NULL",
) -> None:
    _history(app, name, at, where, values or {}, kind="~", why=why, user=user)


def _history(
    app: str, name: str, at: str, where: str, values: dict[str, str], *, kind: str, why: str, user: str
) -> None:
    """Set-based history rows of a model: its columns, some with another value (SQL, constants of this module)."""
    model: Any = apps.get_model(app, name)
    past = model.history.model
    columns = [field.column for field in meta(past).concrete_fields if not field.name.startswith("history_")]
    chosen = ", ".join(values.get(column, f"t.{column}") for column in columns)
    target = f"{meta(past).db_table} ({', '.join(columns)}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {target}, history_date, history_change_reason, history_type, history_user_id)"  # noqa: S608
            f" SELECT {chosen}, {at}, %s, %s, {user} FROM {meta(model).db_table} t WHERE {where}",
            [why, kind],
        )


def meta(model: Any) -> Any:
    return model._meta
