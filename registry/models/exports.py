"""Exports 导出: every sheet that somebody took away, and by which mark a leaked copy tells whose it was."""

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission

from ..managers import GuardedManager, GuardedQuerySet


class ExportQuerySet(GuardedQuerySet["Export"]):
    def visible_to(self, user: User, permission: Permission = Permission.READ_AUDIT) -> "ExportQuerySet":
        """One's own; all of them for the auditor."""
        return self._granted() if user.may(permission) else self._granted().filter(by=user)


class Export(models.Model):
    """导出: one sheet. Whom it names is told by the reading `reading_id`, of which this row holds no copy.

    `mark` is what the sheet carries hidden (registry/marks.py). A short one goes out with the answer that asked for it
    and lies nowhere; a long one is made by a task at `settings.EXPORT_FILES_DIR / <id>` and is gone after a day.
    `query` are the list's conditions as they stand in an address: no search word is among them.
    """

    class Kind(models.TextChoices):
        YOUTHS = "youths", "人员名单"
        READINGS = "readings", "查阅记录"
        CHECKS = "checks", "数据校核清单"
        ERRORS = "errors", "差错表"

    class State(models.TextChoices):
        MAKING = "making", "正在生成"
        READY = "ready", "可下载"
        TAKEN = "taken", "已下载"
        FAILED = "failed", "没有生成"
        GONE = "gone", "已删除"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="导出人")
    post = models.CharField("任职", max_length=200)
    kind = models.CharField("内容", max_length=10, choices=Kind.choices)
    day = models.DateField("日期", default=timezone.localdate)
    ordinal = models.PositiveSmallIntegerField("当日第几份")
    made_at = models.DateTimeField("导出时间", default=timezone.now)
    row_count = models.PositiveIntegerField("行数", default=0)
    query = models.CharField("条件", max_length=2000, blank=True)
    reading_id = models.BigIntegerField("查阅记录", null=True)
    mark = models.BinaryField("标记", max_length=8, unique=True)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.TAKEN)
    done_count = models.PositiveIntegerField("已写行数", default=0)
    message = models.CharField("说明", max_length=200, blank=True)
    ends_at = models.DateTimeField("链接失效", null=True)

    objects = GuardedManager.from_queryset(ExportQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "导出"
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["by", "day", "ordinal"],
                name="export_numbered_by_day",
                violation_error_message="另一份导出正在进行，请稍后再试",
            ),
        ]
        indexes = [
            models.Index(fields=["-made_at", "-id"], name="export_by_moment"),
            models.Index(
                fields=["ends_at"],
                condition=models.Q(state__in=["making", "ready"]),
                name="export_with_a_file",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What the sheet shows: 20261124-jiujiang-03."""
        return f"{self.day:%Y%m%d}-{self.by.username}-{self.ordinal:02d}"

    @property
    def token(self) -> bytes:
        """The mark as registry/marks.py takes it."""
        return bytes(self.mark)

    @property
    def path(self) -> Path:
        return Path(settings.EXPORT_FILES_DIR) / f"{self.pk}.xlsx"
