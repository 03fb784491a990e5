"""What is left when time is over 保存期限: figures of closed files that name nobody, and what each run did."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.utils import timezone

from grids.models import User

from ..codes import Grade
from .categories import Category


class AnonymousFile(models.Model):
    """匿名档案: what figures need of a closed file, and nothing that leads back to the person.

    The district alone, months instead of days (the first of the month), whole years of age, no sex, no free text, a
    key of its own. It holds no trace of the file's id, so that nothing kept elsewhere can be laid beside it.
    """

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    district = models.CharField("区县", max_length=6, db_collation="C")
    opened_month = models.DateField("建档月份")
    closed_month = models.DateField("结档月份")
    age_opened = models.PositiveSmallIntegerField("建档时年龄")
    age_closed = models.PositiveSmallIntegerField("结档时年龄")
    grade = models.CharField("关注等级", max_length=1, choices=Grade.choices)
    visit_count = models.PositiveIntegerField("走访次数")
    handover_count = models.PositiveIntegerField("接收的交接")
    needs_met = ArrayField(models.CharField(max_length=20), verbose_name="已解决的需求", default=list)
    needs_left = ArrayField(models.CharField(max_length=20), verbose_name="未解决的需求", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "匿名档案"
        indexes = [models.Index(fields=["closed_month", "district"], name="anonymous_file_by_month")]


class AnonymousEnrolment(models.Model):
    """匿名类别认定: one category of an anonymous file, by month and age."""

    file = models.ForeignKey(
        AnonymousFile, models.CASCADE, related_name="enrolments", verbose_name="匿名档案"
    )
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name="类别")
    starts_month = models.DateField("起始月份")
    ends_month = models.DateField("终止月份")
    age_started = models.PositiveSmallIntegerField("起始时年龄")
    age_ended = models.PositiveSmallIntegerField("终止时年龄")

    class Meta:
        verbose_name = verbose_name_plural = "匿名类别认定"


class RetentionRun(models.Model):
    """执行记录: one run of the retention policy: when, for which day, how many of what. Numbers alone.

    Written with each batch of the work, in its transaction: of a run that was killed it says what was done. `by` is
    empty for the nightly one.
    """

    today = models.DateField("按哪天计算")
    started_at = models.DateTimeField("开始", default=timezone.now)
    ended_at = models.DateTimeField("结束", null=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="经办人")
    counts: Any = models.JSONField("处理了多少", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "保存期限执行记录"
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.started_at):%Y-%m-%d %H:%M}"
