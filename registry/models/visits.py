"""Visits 走访 and the needs 需求 that they find."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from grids.models import User

from ..codes import NeedKind, PersonMet, VisitMethod
from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from .youths import Youth


class VisitQuerySet(GuardedQuerySet["Visit"]):
    scope_field = "youth__grid_id"


class Visit(models.Model):
    """走访: a contact with a youth or the household: when, how, who was met, what was found, what was confirmed.

    `confirmed` names what was seen to be as the file says; `corrected` tells in words what was not.
    """

    class Confirmable(models.TextChoices):
        ADDRESS = "address", "住址"
        GUARDIAN = "guardian", "监护情况"
        SCHOOL = "school", "就学"
        WORK = "work", "就业"
        CONTACT = "contact", "联系方式"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    youth = models.ForeignKey(Youth, models.PROTECT, related_name="visits", verbose_name="青少年档案")
    visited_on = models.DateField("走访日期")
    method = models.CharField("方式", max_length=20, choices=VisitMethod.choices)
    met = models.CharField("见到的人", max_length=20, choices=PersonMet.choices)
    found = EncryptedTextField("发现的情况", purpose="visit_found")
    confirmed = ArrayField(
        models.CharField(max_length=20, choices=Confirmable.choices),
        verbose_name="已核对",
        default=list,
    )
    corrected = EncryptedTextField("需更正", purpose="visit_corrected", null=True)
    next_due_on = models.DateField("下次走访")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="走访人")
    created_at = models.DateTimeField("登记时间", default=timezone.now)
    submission_key = models.UUIDField(null=True, unique=True)

    objects = GuardedManager.from_queryset(VisitQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "走访"
        ordering = ["-visited_on", "-created_at"]
        indexes = [models.Index(fields=["youth", "-visited_on"], name="visit_of_youth")]
        constraints = [
            models.CheckConstraint(
                condition=Q(next_due_on__gt=models.F("visited_on")),
                name="visit_next_is_after",
            ),
        ]

    @property
    def confirmed_words(self) -> str:
        return "、".join(str(self.Confirmable(code).label) for code in self.confirmed)


class NeedQuerySet(GuardedQuerySet["Need"]):
    scope_field = "youth__grid_id"

    def open(self) -> "NeedQuerySet":
        return self.filter(closed_on=None)


class Need(models.Model):
    """需求: what a youth lacks; opened by a visit, closed by an outcome."""

    youth = models.ForeignKey(
        Youth,
        models.PROTECT,
        related_name="open_and_closed_needs",
        verbose_name="青少年档案",
    )
    kind = models.CharField("需求", max_length=20, choices=NeedKind.choices)
    opened_on = models.DateField("提出日期", default=timezone.localdate)
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="needs", verbose_name="走访")
    closed_on = models.DateField("解决日期", null=True)
    outcome = EncryptedTextField("结果", purpose="need_outcome", null=True, blank=True)

    objects = GuardedManager.from_queryset(NeedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "需求"
        constraints = [
            models.UniqueConstraint(
                fields=["youth", "kind"],
                condition=Q(closed_on=None),
                name="need_one_open_per_kind",
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None) | ~Q(outcome=""),
                name="need_closed_with_outcome",
                violation_error_message="需求解决必须写明结果",
            ),
        ]
