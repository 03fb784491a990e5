"""The retention policy 保存期限: registry/retention.toml, read once, checked, and given to whoever asks how long.

A day of which something is counted, plus its term, is the day on which it is due: what was closed on 2024-11-24 for 24
months is due on 2026-11-24 and not the day before. A month without that day gives its last one, as PostgreSQL does.
"""

import calendar
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error

FILE = Path(__file__).with_name("retention.toml")
CLASSES = ("ordinary", "personal", "sensitive")
# Kinds of rows and rights that Django itself keeps: of no person, and used by nothing here.
_NOBODYS = frozenset({"auth", "contenttypes"})


@dataclass(frozen=True, kw_only=True)
class Term:
    """How long. `text` is for people, the numbers for the program; of several numbers one is not nought."""

    key: str
    text: str
    clause: str = ""
    reason: str = ""
    months: int = 0
    days: int = 0
    hours: int = 0
    working_days: int = 0

    @property
    def interval(self) -> str:
        """For SQL: '24 months'."""
        return f"{self.months} months" if self.months else f"{self.days} days"

    def after(self, day: date) -> date:
        """The day on which what is counted from `day` is due."""
        if self.working_days:
            return _working_days_after(day, self.working_days)
        year, month = divmod(day.year * 12 + day.month - 1 + self.months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(day.day, last)) + timedelta(days=self.days)


def _working_days_after(day: date, number: int) -> date:
    """Monday to Friday; public holidays are not taken out, which makes the day earlier, never later."""
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < 5
    return day


@dataclass(frozen=True)
class Group:
    """Fields of one class that serve one purpose."""

    kind: str
    fields: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Line:
    """What the policy says of one model."""

    label: str
    why: str
    term: Term
    then: str
    groups: tuple[Group, ...]
    copy_of: str = ""

    @property
    def field_names(self) -> list[str]:
        return [name for group in self.groups for name in group.fields]


@dataclass(frozen=True)
class Policy:
    version: str
    handler: str
    classes: dict[str, str]
    outcomes: dict[str, str]
    terms: dict[str, Term]
    lines: dict[str, Line]
    rules: list[dict[str, Any]] = field(default_factory=list)
    stores: list[dict[str, Any]] = field(default_factory=list)
    history: tuple[Group, ...] = ()


@cache
def policy() -> Policy:
    """The file as it was when the process began. Raises KeyError or ValueError for one that is no policy."""
    return read(FILE.read_text(encoding="utf-8"))


def term(key: str) -> Term:
    return policy().terms[key]


def read(text: str) -> Policy:
    """A policy from its text."""
    told = tomllib.loads(text)
    terms = {key: Term(key=key, **values) for key, values in told["terms"].items()}
    lines = {}
    for label, line in told["models"].items():
        then = line["then"]
        if then not in told["then"]:
            raise ValueError(f"{label}: then = {then!r} is not one of {sorted(told['then'])}")
        lines[label] = Line(
            label, line["why"], terms[line["keep"]], then, tuple(_groups(line)), line.get("copy_of", "")
        )
    return Policy(
        told["version"], told["handler"], told["classes"], told["then"], terms, lines, told["rules"],
        [store | {"term": terms[store["keep"]]} for store in told["stores"]], tuple(_groups(told["history"])),
    )  # fmt: skip


def _groups(line: dict[str, Any]) -> Iterator[Group]:
    if "ordinary" in line:
        yield Group("ordinary", tuple(line["ordinary"].split()), "")
    for kind in CLASSES[1:]:
        for names, why in line.get(kind, []):
            yield Group(kind, tuple(names.split()), why)


# --- The check at the start


def policy_is_complete(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """Every field of every model stands in one line, and every line is of a field. Registered in registry/apps.py."""
    try:
        stated = policy()
    except (KeyError, TypeError, ValueError) as error:
        return [Error(f"registry/retention.toml: {error!r}", id="registry.E101")]
    return list(_faults(stated))


def _faults(stated: Policy) -> Iterator[CheckMessage]:
    models = {
        model._meta.label: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label not in _NOBODYS
    }
    for label in sorted(models.keys() - stated.lines.keys()):
        yield _fault(f"{label} 没有保存期限。 The model has no line.", "registry.E102")
    for label in sorted(stated.lines.keys() - models.keys()):
        yield _fault(f"没有 {label} 这个模型。 The line has no model.", "registry.E103")
    for label in sorted(models.keys() & stated.lines.keys()):
        yield from _faults_of(models[label], stated)


def _faults_of(model: Any, stated: Policy) -> Iterator[CheckMessage]:
    line = stated.lines[model._meta.label]
    held = {field.name for field in model._meta.concrete_fields}
    named = line.field_names
    told = set(named)
    if line.copy_of:
        of_the_model = stated.lines[line.copy_of].field_names if line.copy_of in stated.lines else []
        told |= {*of_the_model, *(name for group in stated.history for name in group.fields)}
    for name in sorted(held - told):
        yield _fault(f"{line.label}.{name} 没有写明类别和用途。 The field has no line.", "registry.E104")
    for name in sorted(set(named) - held):
        yield _fault(f"{line.label} 没有 {name} 这个字段。 The line has no field.", "registry.E105")
    for name in sorted({name for name in named if named.count(name) > 1}):
        yield _fault(f"{line.label}.{name} 写了两次。 The field stands twice.", "registry.E106")


def _fault(message: str, identifier: str) -> Error:
    return Error(message, hint="registry/retention.toml", id=identifier)
