"""Check requests 校核: a worker found something else than a department said; the department is asked to look."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grids.models import User

from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from .corrections import Correction
from .feeds import Source
from .youths import Youth


class CheckRequestQuerySet(GuardedQuerySet["CheckRequest"]):
    scope_field = "youth__grid_id"

    def open(self) -> "CheckRequestQuerySet":
        return self.filter(state=CheckRequest.State.OPEN)

    def overdue(self) -> "CheckRequestQuerySet":
        return self.open().filter(due_on__lt=timezone.localdate())


class CheckRequest(models.Model):
    """校核 (政务数据共享条例, 国令 809): one value of one source about one young person, and what came of it.

    `field` is "school", "work", or a column of the resident. `says` and `found` are both values as a page shows them;
    they are encrypted, since a name may be among them. Of school and work `found_kind` and `found_unit` say the same in
    codes, so that a later feed that agrees closes the request by itself.
    """

    class State(models.TextChoices):
        OPEN = "open", "待答复"
        CONFIRMED = "confirmed", "来源确认原值"
        CHANGED = "changed", "来源已更正"
        AGREED = "agreed", "后来的数据已一致"
        REPLACED = "replaced", "已被新的更正代替"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    youth = models.ForeignKey(Youth, models.PROTECT, related_name="check_requests", verbose_name="青少年档案")
    correction = models.ForeignKey(Correction, models.PROTECT, null=True, related_name="check_requests")
    source = models.ForeignKey(Source, models.PROTECT, related_name="check_requests", verbose_name="来源")
    field = models.CharField("项目", max_length=20)
    says = EncryptedTextField("来源的数据", purpose="check_says")
    found = EncryptedTextField("走访所见", purpose="check_found")
    found_kind = models.CharField(max_length=20, blank=True)
    found_unit = models.CharField(max_length=100, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="提出人")
    created_at = models.DateTimeField("提出时间", default=timezone.now)
    due_on = models.DateField("答复期限")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    answer = EncryptedTextField("答复", purpose="check_answer", null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="登记答复的人"
    )
    answered_at = models.DateTimeField("答复时间", null=True)

    objects = GuardedManager.from_queryset(CheckRequestQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "校核"
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["youth", "source", "field"],
                condition=Q(state="open"),
                name="check_request_one_open",
                violation_error_message="这一项已在校核",
            ),
            models.CheckConstraint(
                condition=Q(state="open", answered_at=None)
                | (~Q(state="open") & Q(answered_at__isnull=False)),
                name="check_request_answered_at",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], condition=Q(state="open"), name="check_request_due"),
        ]

    def __str__(self) -> str:
        return f"校核 {timezone.localdate(self.created_at)}"
