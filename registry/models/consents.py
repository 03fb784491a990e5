"""Consents 同意: who agreed to what, under which text, from when until when (个人信息保护法 13, 15, 29, 31)."""

import uuid
from datetime import date, timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone

from grids.models import User

from ..codes import Relation
from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from .youths import Youth


class ConsentPurpose(models.TextChoices):
    """What is done only with consent; what a statutory duty asks for (the register itself, visits) is not among it."""

    PAIRING = "pairing", "结对帮扶"
    SHARING = "sharing", "向协作单位提供信息"
    COUNSELLING = "counselling", "心理辅导"
    ACTIVITY = "activity", "参加活动"
    PHOTO = "photo", "拍照和使用照片"


class ConsentText(models.Model):
    """同意书文本: what the person is told and agrees to. A row is published by being there, and never altered."""

    purpose = models.CharField("事项", max_length=12, choices=ConsentPurpose.choices)
    version = models.PositiveSmallIntegerField("版本")
    body = models.TextField("文本", max_length=2000)
    published_on = models.DateField("发布日期", default=timezone.localdate)

    class Meta:
        verbose_name = verbose_name_plural = "同意书文本"
        ordering = ["purpose", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "version"],
                name="consent_text_one_per_version",
                violation_error_message="这个事项已有这一版文本",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}同意书第 {self.version} 版"


class ConsentQuerySet(GuardedQuerySet["Consent"]):
    scope_field = "youth__grid_id"

    def standing(self, day: date | None = None) -> "ConsentQuerySet":
        """Those that hold on this day, by default today."""
        day = day or timezone.localdate()
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), agreed_on__lte=day)


def _period() -> Func:
    return Func(
        F("agreed_on"), F("ends_on"), Value("[)"), function="daterange", output_field=DateRangeField()
    )


class Consent(models.Model):
    """同意 to one purpose for [agreed_on, ends_on). Under 14 a guardian's, which ends by itself on the 14th birthday.

    The database refuses a second one that holds at the same time, and any change but its ending (migration 0020).
    """

    class Giver(models.TextChoices):
        SELF = "self", "本人"
        GUARDIAN = "guardian", "监护人"

    class Means(models.TextChoices):
        SIGNED = "signed", "书面签字"
        SPOKEN = "spoken", "当面口头"
        PHONE = "phone", "电话"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    youth = models.ForeignKey(Youth, models.PROTECT, related_name="consents", verbose_name="青少年档案")
    purpose = models.CharField("事项", max_length=12, choices=ConsentPurpose.choices)
    text = models.ForeignKey(ConsentText, models.PROTECT, related_name="+", verbose_name="同意书文本")
    giver = models.CharField("谁同意", max_length=8, choices=Giver.choices)
    guardian_name = EncryptedTextField("监护人姓名", purpose="consent_guardian", null=True, blank=True)
    relation = models.CharField("与本人关系", max_length=2, choices=Relation.choices, blank=True)
    means = models.CharField("怎样同意", max_length=8, choices=Means.choices)
    note = EncryptedTextField("范围说明", purpose="consent_note", null=True, blank=True)
    agreed_on = models.DateField("同意日期")
    ends_on = models.DateField("终止日期", null=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="登记人")
    created_at = models.DateTimeField("登记时间", default=timezone.now)
    withdrawn_on = models.DateField("撤回日期", null=True)
    withdrawn_at = models.DateTimeField("撤回登记时间", null=True)
    withdrawn_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="登记撤回的人"
    )
    withdrawal_note = EncryptedTextField("撤回说明", purpose="consent_withdrawal", null=True, blank=True)
    submission_key = models.UUIDField(null=True, unique=True)

    objects = GuardedManager.from_queryset(ConsentQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "同意"
        ordering = ["-agreed_on", "-created_at"]
        constraints = [
            ExclusionConstraint(
                name="consent_one_standing_per_purpose",
                expressions=[
                    ("youth", RangeOperators.EQUAL),
                    ("purpose", RangeOperators.EQUAL),
                    (_period(), RangeOperators.OVERLAPS),
                ],
                violation_error_message="这个事项在该时段已有同意，请先撤回或等它到期",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("agreed_on")),
                name="consent_ends_after_it_begins",
                violation_error_message="同意的终止日期不能早于同意日期",
            ),
            models.CheckConstraint(
                condition=Q(giver="self", guardian_name=None, relation="")
                | (Q(giver="guardian", guardian_name__isnull=False) & ~Q(relation="")),
                name="consent_guardian_is_named",
                violation_error_message="监护人同意的，要写明监护人姓名和关系",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_on=None, withdrawn_at=None, withdrawn_by=None)
                | Q(
                    withdrawn_on__isnull=False,
                    withdrawn_at__isnull=False,
                    withdrawn_by__isnull=False,
                    ends_on__lte=F("withdrawn_on"),
                ),
                name="consent_withdrawn_has_ended",
                violation_error_message="撤回的同意必须写明日期和登记人，并即时终止",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.agreed_on}"

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds; None: until withdrawn."""
        return self.ends_on - timedelta(days=1) if self.ends_on else None

    @property
    def giver_words(self) -> str:
        if self.giver == self.Giver.SELF:
            return "本人"
        return f"{self.get_relation_display()} {self.guardian_name}"
