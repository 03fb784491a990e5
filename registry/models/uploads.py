"""Uploads 上传: a department's file on the desk, from the moment it is stored until it is a batch or given up."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission

from ..feeds.columns import FeedKind
from .feeds import Batch, Source

CITY = "3402"


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: User) -> "UploadQuerySet":
        """One's own; all of them for whoever loads or approves for the whole city."""
        if any(user.may_in(each, CITY) for each in (Permission.LOAD_FEEDS, Permission.APPROVE_FEEDS)):
            return self
        return self.filter(loaded_by=user)

    def on_the_desk(self) -> "UploadQuerySet":
        """Those that wait for somebody or something."""
        return self.filter(state__in=Upload.ON_THE_DESK)


class Upload(models.Model):
    """上传: a file whose test run 试算 shows what it would change, before anything changes.

    The file itself lies at `settings.FEED_FILES_DIR / <id>`, readable by its owner alone, and is gone once `file_gone`.
    While a task works on it `started_at` is set and the task holds the advisory lock of registry/feed_desk.py; a task
    that was killed leaves the first without the second. `report` is what the test run returned (figures and reasons,
    masked); `message` says why nothing came of it.
    """

    class State(models.TextChoices):
        CHECKING = "checking", "试算中"
        CHECKED = "checked", "待应用"
        APPLYING = "applying", "应用中"
        HELD = "held", "待批准"
        APPLIED = "applied", "已应用"
        REFUSED = "refused", "不可用"
        DECLINED = "declined", "不予采用"
        EXPIRED = "expired", "逾期未办"

    WORKING = (State.CHECKING, State.APPLYING)
    ON_THE_DESK = (*WORKING, State.CHECKED, State.HELD)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Source, models.PROTECT, related_name="uploads", verbose_name="来源")
    kind = models.CharField("类型", max_length=15, choices=[(kind.value, kind.label) for kind in FeedKind])
    mode = models.CharField("方式", max_length=5, choices=[("delta", "变动"), ("full", "全量")])
    as_of = models.DateField("数据日期")
    file_name = models.CharField("文件名", max_length=200)
    size = models.PositiveBigIntegerField("字节数")
    line_count = models.PositiveBigIntegerField("行数", null=True)  # of text; a workbook does not say
    file_gone = models.BooleanField(default=False)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.CHECKING)
    loaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="上传人")
    created_at = models.DateTimeField("上传时间", default=timezone.now)
    queued_at = models.DateTimeField("排队时间", default=timezone.now)
    started_at = models.DateTimeField("开始时间", null=True)
    report: Any = models.JSONField("试算结果", default=dict)
    errors_id = models.UUIDField(null=True)  # the name of the errors sheet in settings.FEED_ERRORS_DIR
    message = models.CharField("说明", max_length=500, blank=True)
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="uploads", verbose_name="批次")
    ordered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="应用人")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="批准人")
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="办结人")
    ended_at = models.DateTimeField("办结时间", null=True)
    submission_key = models.UUIDField(unique=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "上传"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("loaded_by")),
                name="upload_approved_by_another",
                violation_error_message="批准人不能是加载人本人",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queued_at"],
                condition=Q(state__in=["checking", "checked", "applying", "held"]),
                name="upload_on_the_desk",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.get_kind_display()} {self.as_of}"

    @property
    def path(self) -> Any:
        return settings.FEED_FILES_DIR / str(self.pk)

    @property
    def is_working(self) -> bool:
        return self.state in self.WORKING
