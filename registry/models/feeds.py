"""Sources 数据来源 and batches 批次: which department may send what, and each file that came."""

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from grids.models import User

from ..feeds.columns import FeedKind


class Source(models.Model):
    """数据来源: a department that feeds data, under what licence, and the limits of its circuit breaker.

    政务数据共享条例 (国令 809): what is shared stands in a catalogue, in one of three kinds, for a stated purpose.
    """

    class Share(models.TextChoices):
        UNCONDITIONAL = "unconditional", "无条件共享"
        CONDITIONAL = "conditional", "有条件共享"
        REFUSED = "refused", "不予共享"

    code = models.CharField("代码", max_length=20, primary_key=True, db_collation="C")
    name = models.CharField("简称", max_length=50)
    department = models.CharField("部门全称", max_length=100, blank=True)
    kinds = ArrayField(models.CharField(max_length=15), verbose_name="可报送类型")
    share = models.CharField("共享类型", max_length=15, choices=Share.choices, default=Share.CONDITIONAL)
    purpose = models.CharField("使用目的", max_length=200, blank=True)
    catalogue_number = models.CharField("目录编号", max_length=50, blank=True)
    licence_ends_on = models.DateField(
        "共享授权截止", null=True, blank=True, help_text="当天仍有效；空着为长期。"
    )
    moves_limit = models.DecimalField("迁移占比上限（%）", max_digits=5, decimal_places=2, default=2)
    rejected_limit = models.DecimalField("差错占比上限（%）", max_digits=5, decimal_places=2, default=5)
    judged_from = models.PositiveIntegerField("不足多少条变动不熔断", default=5000)

    class Meta:
        verbose_name = verbose_name_plural = "数据来源"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def refusal(self) -> str:
        """Why nothing of this source may be loaded today, in Chinese; "" when it may."""
        if self.share == self.Share.REFUSED:
            return f"{self}的数据为不予共享，不能加载"
        if self.licence_ends_on and self.licence_ends_on < timezone.localdate():
            return f"{self}的共享授权已于 {self.licence_ends_on} 到期，续期后才能加载"
        return ""


class Schedule(models.Model):
    """报送周期: how often a source owes a kind of file, counted from the data's date of the last one applied."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="schedules", verbose_name="来源")
    kind = models.CharField("类型", max_length=15, choices=[(kind.value, kind.label) for kind in FeedKind])
    every_days = models.PositiveSmallIntegerField("每几天报送一次", validators=[MinValueValidator(1)])

    class Meta:
        verbose_name = verbose_name_plural = "报送周期"
        ordering = ["source", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind"],
                name="schedule_once",
                violation_error_message="这个类型已有报送周期",
            ),
            models.CheckConstraint(condition=Q(every_days__gte=1), name="schedule_at_least_a_day"),
        ]

    def __str__(self) -> str:
        return f"{FeedKind(self.kind).label}：每 {self.every_days} 天"


class Batch(models.Model):
    """批次: one file of a source, applied or held. `counts` is what `load_feed --json` printed."""

    class State(models.TextChoices):
        APPLIED = "applied", "已应用"
        HELD = "held", "待批准"
        UNDONE = "undone", "已撤销"
        DECLINED = "declined", "不予采用"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Source, models.PROTECT, related_name="batches", verbose_name="来源")
    kind = models.CharField("类型", max_length=15)
    mode = models.CharField("方式", max_length=5, default="delta")
    as_of = models.DateField("数据日期")
    sha256 = models.CharField(max_length=64, db_collation="C")
    file_name = models.CharField("文件名", max_length=200)
    state = models.CharField("状态", max_length=10, choices=State.choices)
    loaded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="加载人")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="批准人")
    created_at = models.DateTimeField("时间", default=timezone.now)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="撤销人")
    undone_at = models.DateTimeField("撤销时间", null=True)
    counts: Any = models.JSONField("计数", default=dict)
    # Without its images a batch can no longer be undone (保存期限).
    images_gone_at = models.DateTimeField("改动记录清除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "批次"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind", "sha256"],
                condition=Q(state="applied"),
                name="batch_file_applied_once",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("loaded_by")),
                name="batch_approved_by_another",
                violation_error_message="批准人不能是加载人本人",
            ),
        ]

    @property
    def kind_label(self) -> str:
        return FeedKind(self.kind).label

    @property
    def row_count(self) -> int:
        return int(self.counts.get("rows", 0))

    @property
    def rejected_count(self) -> int:
        return int(self.counts.get("rejected", 0))

    @property
    def changed_count(self) -> int:
        """Rows that were accepted and said something new."""
        return int(self.counts.get("accepted", 0)) - int(self.counts.get("unchanged", 0))


class BatchChange(models.Model):
    """What a batch changed of a row that was there before: its image before and after, so that it can be undone.

    What a batch added carries the batch's id itself. `latter` is NULL when the batch removed the row. An image holds
    the columns that changed and what finds the person again, or the whole row. A trigger knows that the batch exists.
    """

    batch = models.ForeignKey(Batch, models.PROTECT, db_constraint=False, related_name="changes")
    table_name = models.CharField(max_length=40, db_collation="C")
    row_key = models.CharField(max_length=36, db_collation="C")
    former: Any = models.JSONField()
    latter: Any = models.JSONField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "批次改动"
