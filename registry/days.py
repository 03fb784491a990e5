"""Whose `/` is a page of a higher app: people who see no youth here, and have work there. It says so when it starts."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from grids.models import User
from grids.permissions import Permission

Day = Callable[[HttpRequest], HttpResponse]
_days: list[tuple[Permission, Day]] = []


def on_day(permission: Permission, day: Day) -> None:
    """Have this be the day of whoever holds the permission and sees no youths."""
    _days.append((permission, day))


def day_of(user: User) -> Day | None:
    return next((day for permission, day in _days if user.may(permission)), None)
