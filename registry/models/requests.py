"""Requests 个人信息请求: somebody asks to see, copy, correct or delete what is held about a person (个保法 44–50)."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grids.models import Grid, User
from grids.permissions import Permission
from grids.scope import within

from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from .residents import Resident


class PersonRequestQuerySet(GuardedQuerySet["PersonRequest"]):
    def visible_to(
        self, user: User, permission: Permission = Permission.RECEIVE_REQUESTS
    ) -> "PersonRequestQuerySet":
        """Where the person's file is answered for; of whoever has none (any more), where the request was received."""
        prefixes = user.prefixes(permission)
        with_file = within("resident__youth__grid_id", prefixes)
        without = Q(resident__youth=None) & within("grid_id", prefixes)
        return self._granted().filter(with_file | without)

    def open(self) -> "PersonRequestQuerySet":
        return self.filter(outcome="")

    def overdue(self) -> "PersonRequestQuerySet":
        return self.open().filter(due_on__lt=timezone.localdate())


class PersonRequest(models.Model):
    """个人信息请求: who asks, as what, about whom, for what, until when; and the answer in writing.

    `resident` is the person it is about. When that person's data go, it is emptied and the request stays as the proof
    that it was answered, for as long as the policy says. `grid`: where the person's file, or home, was on the day.
    """

    class Kind(models.TextChoices):
        SEE = "see", "查阅"
        COPY = "copy", "复制"
        CORRECT = "correct", "更正、补充"
        DELETE = "delete", "删除"

    class Capacity(models.TextChoices):
        SELF = "self", "本人"
        GUARDIAN = "guardian", "父母或其他监护人"
        RELATIVE = "relative", "近亲属（本人已去世）"
        AGENT = "agent", "受委托的人（有委托书）"

    class Identity(models.TextChoices):
        CARD = "card", "当面核对身份证"
        BOOK = "book", "当面核对户口簿"
        GUARDIANSHIP = "guardianship", "身份证和监护关系证明"
        KINSHIP = "kinship", "身份证和亲属关系、死亡证明"
        MANDATE = "mandate", "身份证和委托书"

    class Outcome(models.TextChoices):
        GRANTED = "granted", "同意"
        PARTLY = "partly", "部分同意"
        REFUSED = "refused", "不同意"
        WITHDRAWN = "withdrawn", "申请人撤回"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    resident = models.ForeignKey(
        Resident, models.PROTECT, null=True, related_name="requests", verbose_name="关于谁"
    )
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", verbose_name="网格")
    kind = models.CharField("请求", max_length=10, choices=Kind.choices)
    capacity = models.CharField("身份", max_length=10, choices=Capacity.choices)
    asker_name = EncryptedTextField("申请人姓名", purpose="request_asker")
    asker_contact = EncryptedTextField("联系方式", purpose="request_contact", null=True, blank=True)
    identity = models.CharField("怎样核对身份", max_length=15, choices=Identity.choices)
    wants = EncryptedTextField("具体要求", purpose="request_wants")
    received_on = models.DateField("收到日期")
    due_on = models.DateField("答复期限")
    received_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="受理人")
    created_at = models.DateTimeField("登记时间", default=timezone.now)
    outcome = models.CharField("结果", max_length=10, choices=Outcome.choices, blank=True, default="")
    answer = EncryptedTextField("书面答复", purpose="request_answer", null=True, blank=True)
    done = EncryptedTextField("办了什么", purpose="request_done", null=True, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="答复人")
    answered_on = models.DateField("答复日期", null=True)
    submission_key = models.UUIDField(null=True, unique=True)

    objects = GuardedManager.from_queryset(PersonRequestQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "个人信息请求"
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", answer=None, answered_by=None, answered_on=None)
                | (
                    Q(
                        answer__isnull=False,
                        answered_by__isnull=False,
                        answered_on__gte=models.F("received_on"),
                    )
                    & ~Q(outcome="")
                ),
                name="request_answered_in_writing",
                violation_error_message="答复必须书面写明，答复日期不能早于收到日期",
            ),
            models.CheckConstraint(
                condition=Q(due_on__gt=models.F("received_on")), name="request_due_after_receipt"
            ),
            models.CheckConstraint(
                condition=Q(resident__isnull=False) | ~Q(outcome=""),
                name="request_open_is_about_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], condition=Q(outcome=""), name="request_due"),
            models.Index(fields=["grid", "-answered_on"], name="request_in_grid"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.received_on}"

    @property
    def is_open(self) -> bool:
        return not self.outcome
