"""Handovers 交接: the responsibility that follows a move."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grids.models import Grid, User
from grids.permissions import Permission
from grids.scope import within

from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from .moves import Move
from .youths import Youth

OPEN_STATES = ("offered", "escalated")


class HandoverQuerySet(GuardedQuerySet["Handover"]):
    def visible_to(self, user: User, permission: Permission = Permission.SEE_YOUTHS) -> "HandoverQuerySet":
        """Handovers from or to the user's areas: both sides see the handover, only one side the file."""
        prefixes = user.prefixes(permission)
        return self._granted().filter(within("from_grid_id", prefixes) | within("to_grid_id", prefixes))

    def open(self) -> "HandoverQuerySet":
        return self.filter(state__in=OPEN_STATES)

    def into(self, prefixes: list[str]) -> "HandoverQuerySet":
        return self.filter(within("to_grid_id", prefixes))

    def out_of(self, prefixes: list[str]) -> "HandoverQuerySet":
        return self.filter(within("from_grid_id", prefixes))


class Handover(models.Model):
    """交接: offered → accepted / returned / escalated, or cancelled by a move back; out of the city → answered.

    Addressed to the grid, not to a name, so that a change of worker does not lose it. While it is open, and after
    a return, the old grid (`from_grid`) is responsible. `level` is how far it has climbed.
    """

    class State(models.TextChoices):
        OFFERED = "offered", "待接收"
        ESCALATED = "escalated", "超时上报"
        ACCEPTED = "accepted", "已接收"
        RETURNED = "returned", "已退回"
        CANCELLED = "cancelled", "已取消"
        ANSWERED = "answered", "外地已答复"

    class Level(models.TextChoices):
        GRID = "grid", "网格"
        COMMUNITY = "community", "社区（村）"
        STREET = "street", "街道（乡镇）"
        DISTRICT = "district", "区县"
        CITY = "city", "市"

    class ReturnReason(models.TextChoices):
        WRONG_ADDRESS = "wrong_address", "地址不对"
        NOT_FOUND = "not_found", "查无此人"
        OTHER = "other", "其他"

    class CancelReason(models.TextChoices):
        MOVED_BACK = "moved_back", "已迁回原网格"
        MOVED_ON = "moved_on", "接收前又迁往别处"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    youth = models.ForeignKey(Youth, models.PROTECT, related_name="handovers", verbose_name="青少年档案")
    move = models.ForeignKey(Move, models.PROTECT, related_name="+", verbose_name="迁移")
    from_grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", verbose_name="原网格")
    to_grid = models.ForeignKey(Grid, models.PROTECT, null=True, related_name="+", verbose_name="新网格")
    destination_code = models.CharField("迁往地", max_length=6, blank=True, db_collation="C")
    state = models.CharField(
        "状态",
        max_length=10,
        choices=State.choices,
        default=State.OFFERED,
        db_default="offered",
    )
    level = models.CharField(
        "层级",
        max_length=10,
        choices=Level.choices,
        default=Level.GRID,
        db_default="grid",
    )
    offered_at = models.DateTimeField("发起时间", default=timezone.now, db_default=Now())
    due_at = models.DateTimeField("期限")
    ended_at = models.DateTimeField("结束时间", null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="经办人")
    return_reason = models.CharField("退回原因", max_length=20, choices=ReturnReason.choices, blank=True)
    cancelled_because = models.CharField(
        "取消原因", max_length=20, choices=CancelReason.choices, blank=True, db_default=""
    )
    note = EncryptedTextField("说明", purpose="handover_note", null=True, blank=True)
    history = HistoricalRecords(verbose_name="交接变更")

    objects = GuardedManager.from_queryset(HandoverQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "交接"
        constraints = [
            models.UniqueConstraint(
                fields=["youth"],
                condition=Q(state__in=OPEN_STATES),
                name="handover_one_open_per_youth",
                violation_error_message="这份档案已有一个进行中的交接",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, ended_at=None)
                | (~Q(state__in=OPEN_STATES) & Q(ended_at__isnull=False)),
                name="handover_ended_when_not_open",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(to_grid__isnull=False, ended_by__isnull=False),
                name="handover_accepted_by_someone",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | (Q(ended_by__isnull=False) & ~Q(return_reason="")),
                name="handover_returned_with_reason",
                violation_error_message="退回必须选择原因",
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(to_grid=None, note__isnull=False),
                name="handover_answered_with_note",
                violation_error_message="请写明外地的答复",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=OPEN_STATES),
                name="handover_due",
            ),
            models.Index(
                fields=["to_grid"],
                condition=Q(state__in=OPEN_STATES),
                name="handover_into_grid",
            ),
            models.Index(fields=["from_grid", "-offered_at"], name="handover_out_of_grid"),
        ]

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def standing(self) -> str:
        """The state in words: out of the city nobody accepts, somebody answers; a climb says how far."""
        if self.state == self.State.ESCALATED:
            return f"超时，已报{self.get_level_display()}"
        if self.state == self.State.OFFERED and self.to_grid_id is None:
            return "待外地答复"
        return str(self.get_state_display())
