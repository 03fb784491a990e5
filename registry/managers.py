"""Scope that cannot be forgotten: the default manager of every register model.

A queryset of a guarded model answers nothing (no rows, no count, no update) until it says whose it is:

- `Model.objects.visible_to(user)`: what this person may see;
- `youth.visits.all()`: reached through an object that was itself obtained in scope;
- `Model.objects.everyone(because="…")`: feeds, rules, sweeps; a test lists every caller by name.

Anything else raises `Unscoped`, in development, tests and production alike.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Self, TypeVar

from django.db import models

from grids.models import User
from grids.permissions import Permission
from grids.scope import within

M = TypeVar("M", bound=models.Model)


class Unscoped(Exception):
    """A register queryset was evaluated without saying whose scope it is."""


class GuardedQuerySet(models.QuerySet[M]):
    """A queryset that refuses to be evaluated before its scope is said. `scope_field` is the path to a grid code."""

    scope_field = "grid_id"
    _scoped = False

    def visible_to(self, user: User, permission: Permission = Permission.SEE_YOUTHS) -> Self:
        """Rows in the areas where the user holds the permission."""
        return self._granted().filter(within(self.scope_field, user.prefixes(permission)))

    def everyone(self, *, because: str) -> Self:
        """All rows, for work that is not a person's. `because` tells the next reader why."""
        if not because:
            raise ValueError("say why this needs everyone")
        return self._granted()

    def _granted(self) -> Self:
        granted = self.all()
        granted._scoped = True  # noqa: SLF001 - a clone of this very class
        return granted

    def _clone(self) -> Self:
        clone = super()._clone()  # type: ignore[misc]
        clone._scoped = self._scoped  # noqa: SLF001 - a clone of this very class
        return clone

    def _guard(self) -> None:
        if not self._scoped:
            raise Unscoped(
                f"{self.model.__name__}: use visible_to(user), a related manager, or everyone(because=…)"
            )

    def _fetch_all(self) -> None:
        self._guard()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Iterator[M]:
        self._guard()
        return super().iterator(*args, **kwargs)

    def aiterator(self, *args: Any, **kwargs: Any) -> AsyncIterator[M]:
        self._guard()
        return super().aiterator(*args, **kwargs)

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._guard()
        return super().aggregate(*args, **kwargs)

    def count(self) -> int:
        self._guard()
        return super().count()

    def exists(self) -> bool:
        self._guard()
        return super().exists()

    def contains(self, obj: models.Model) -> bool:
        self._guard()
        return super().contains(obj)

    def update(self, **kwargs: Any) -> int:
        self._guard()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._guard()
        return super().delete()

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        """New rows are nobody else's; one that overwrites those that are there changes them."""
        if kwargs.get("update_conflicts"):
            self._guard()
        return super().bulk_create(objs, *args, **kwargs)

    def raw(self, *args: Any, **kwargs: Any) -> Any:
        self._guard()
        return super().raw(*args, **kwargs)

    # A scoped queryset does not lend its scope to one that it is joined with.

    def __or__(self, other: Any) -> Self:
        other._guard()
        return super().__or__(other)

    def __xor__(self, other: Any) -> Self:
        other._guard()
        return super().__xor__(other)

    def union(self, *others: Any, **kwargs: Any) -> Self:
        for other in others:
            if isinstance(other, GuardedQuerySet):
                other._guard()  # noqa: SLF001 - of this very class
        return super().union(*others, **kwargs)

    def explain(self, **kwargs: Any) -> str:
        self._guard()
        return super().explain(**kwargs)


class GuardedManager(models.Manager[M]):
    """The manager of every register model: `objects = GuardedManager.from_queryset(YouthQuerySet)()`.

    Passes the scope of the parent on: a related manager belongs to an object that was obtained in scope."""

    def get_queryset(self) -> models.QuerySet[M]:
        queryset = super().get_queryset()
        if getattr(self, "instance", None) is not None:
            return queryset._granted()  # type: ignore[attr-defined]  # noqa: SLF001 - the other half of the guard
        return queryset
