"""`/`: each role's own day. A worker's today 今日, a cadre's board 工作台, and for the others what they can do here."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from grids import delivery, shown
from grids.models import Alert, User
from grids.models.staff import acting_user
from grids.permissions import Permission
from grids.views.alerts import MOST_ON_A_DAY_PAGE

from .. import grants, parts, readings, requests
from ..board import board_of
from ..days import day_of
from ..snapshots import snapshot
from ..today import Today


@dataclass(frozen=True)
class Task:
    """What somebody without a register can do here."""

    title: str
    text: str
    url: str = ""
    post_url: str = ""  # where a press of the button is sent instead
    label: str = "打开"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    user = acting_user(request.user)
    if not user.may(Permission.SEE_YOUTHS):
        if own := day_of(user):
            return own(request)
        return render(request, "registry/home/plain.html", {"tasks": _tasks(user)})
    with snapshot(recorded=True):
        alerts = list(Alert.objects.of(user).for_the_day()[:MOST_ON_A_DAY_PAGE])
        context: dict[str, Any] = {"alerts": alerts, "parts": parts.of_day(user)}
        named = shown.files_of(alerts)
        if user.walks:
            today = Today(user)
            readings.record_files(request, ids=[*named, *today.named], purpose="今日")
            context |= {"today": today, "asked": requests.waiting(user)}
            return render(request, "registry/home/today.html", context)
        readings.record_files(request, ids=named, purpose="工作台")
        board = {
            "board": board_of(user),
            "grants": grants.waiting(user),
            "asked": requests.waiting(user),
        }
        return render(request, "registry/home/board.html", context | board)


def _tasks(user: User) -> list[Task]:
    """In words, by permission: these people see no youth at all, and the page says nothing about any."""
    found = []
    if user.may(Permission.MANAGE_PLACES):
        found.append(
            Task("区划与网格", "维护区县、街道、社区、网格，以及类别和网格责任人。", reverse("admin:index"))
        )
        if parked := delivery.parked().count():
            text = f"{parked} 条提醒试了五次没有送到短信网关，站内已提醒。请检查网关后重发。"
            found.append(Task("提醒未能送出", text, post_url=reverse("alerts_parked"), label="重新发送"))
    if user.may(Permission.MANAGE_STAFF):
        found.append(Task("用户与任职", "开设、停用账号，登记和终止任职。", reverse("admin:index")))
    if user.may(Permission.READ_AUDIT):
        found.append(Task("查阅审计", "查谁看过哪些档案和名单，看异常查阅。", reverse("readings")))
        found.append(Task("临时授权", "查谁获准看了范围以外的档案，谁紧急查阅、谁复核。", reverse("grants")))
        found.append(Task("提供记录", "查向外单位提供过什么、依据什么，只有编号。", reverse("disclosures")))
        found.append(Task("导出记录", "查谁导出过什么；外泄的表格可查到导出人。", reverse("exports")))
    if user.may(Permission.SEARCH_PEOPLE):
        found.append(Task("人房查询", "按小区、年龄、家庭构成查实有人口与房屋。", reverse("households")))
    return found
