"""`/rules-of-processing/` 个人信息处理规则: the retention policy in plain Chinese, for everybody who is signed in.

With the special rules 专门规则 for children under 14 (个人信息保护法 31). What it shows is registry/retention.toml.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..retention_policy import CLASSES, Group, Line, policy

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Each part of the table, with where its models live and what is left out of it: copies follow what they are copies of.
_PARTS = (
    ("青少年和居民", "registry"), ("协作帮扶", "referrals"), ("工作人员和登录", "grids"), ("系统", ""),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One model for people: its name, its line, and what is held of a person, class by class."""

    name: str
    line: Line
    held: list[tuple[str, list[tuple[str, str]]]]


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    stated = policy()
    terms = [term for term in stated.terms.values() if term.reason]
    context = {"policy": stated, "parts": _parts(), "terms": terms, "answer": stated.terms["answer"]}
    return render(request, "registry/retention/rules.html", context)


def _parts() -> list[tuple[str, list[Row]]]:
    stated = policy()
    lines = [line for line in stated.lines.values() if not line.copy_of]
    personal = [line for line in lines if any(group.kind != CLASSES[0] for group in line.groups)]
    parts = []
    for title, app in _PARTS:
        of_part = [line for line in personal if _app_of(line) == app]
        parts.append((title, [_row(line) for line in of_part]))
    return parts


def _app_of(line: Line) -> str:
    app = line.label.partition(".")[0]
    return app if app in dict(_PARTS).values() else ""


def _row(line: Line) -> Row:
    model: Any = apps.get_model(line.label)
    stated = policy()
    held = [
        (
            stated.classes[kind].partition("（")[0],
            [_told(model, group) for group in line.groups if group.kind == kind],
        )
        for kind in CLASSES[1:]
    ]
    name = str(model._meta.verbose_name)
    return Row(
        name if _CHINESE.search(name) else line.why, line, [(kind, told) for kind, told in held if told]
    )


def _told(model: Any, group: Group) -> tuple[str, str]:
    """(the fields by the names that people read, what for). Columns that only help to search have no such name."""
    names = [str(model._meta.get_field(name).verbose_name) for name in group.fields]
    return "、".join(dict.fromkeys(name for name in names if _CHINESE.search(name))), group.why
