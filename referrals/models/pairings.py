"""Pairings 结对帮扶: a youth and a mentor, the consent it stands on, its plan, and the log of contacts."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from grids.models import User
from registry.encryption import EncryptedTextField
from registry.managers import GuardedManager, GuardedQuerySet
from registry.models import Consent, Youth

from ..codes import Outcome
from .agencies import Agency


def consent_holds(prefix: str = "") -> Q:
    """The consent of a pairing holds today; `prefix` leads to the pairing."""
    ends = f"{prefix}consent__ends_on"
    return Q(**{ends: None}) | Q(**{f"{ends}__gt": timezone.localdate()})


class PairingQuerySet(GuardedQuerySet["Pairing"]):
    scope_field = "youth__grid_id"

    def running(self) -> "PairingQuerySet":
        """Those in contact: not ended, the consent holds, the file is open."""
        return self.filter(consent_holds(), ends_on=None, youth__state=Youth.State.OPEN)

    def stopped(self) -> "PairingQuerySet":
        """Those in which nobody may be in contact any more, and which nobody has ended yet."""
        held = consent_holds() & Q(youth__state=Youth.State.OPEN)
        return self.filter(~held, ends_on=None)

    def due(self) -> "PairingQuerySet":
        return self.running().filter(next_due_on__lte=timezone.localdate())

    def ended(self) -> "PairingQuerySet":
        return self.filter(ends_on__isnull=False)


class Pairing(models.Model):
    """结对: no word of it names a category, since the mentor and whoever sees the youth read it.

    It stands on a consent to `pairing` that holds on the day it starts, the guardian's under 14; what is not ended
    stops when that consent does. It ends with what came of it. All of it is the database's (migration of this model).
    """

    class Kind(models.TextChoices):
        PERSON = "person", "个人"
        UNIT = "unit", "单位"

    class Rhythm(models.IntegerChoices):
        """At most a month for everybody, as 服刑人员子女 need: a rhythm of their own would name them."""

        WEEK = 7, "每周"
        FORTNIGHT = 14, "每两周"
        MONTH = 30, "每月"

    class Because(models.TextChoices):
        DONE = "done", "约定已满、目标已达到"
        MENTOR = "mentor", "结对人不能继续"
        ANOTHER = "another", "换结对人"
        CONSENT = "consent", "同意撤回或到期"
        LEFT = "left", "离开本市、结档"
        OTHER = "other", "其他"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    youth = models.ForeignKey(Youth, models.PROTECT, related_name="pairings", verbose_name="青少年档案")
    consent = models.ForeignKey(Consent, models.PROTECT, related_name="pairings", verbose_name="同意")
    kind = models.CharField("结对人性质", max_length=6, choices=Kind.choices)
    mentor = EncryptedTextField("结对人", purpose="pairing_mentor")
    unit = EncryptedTextField("单位", purpose="pairing_unit", null=True, blank=True)
    phone = EncryptedTextField("电话", purpose="pairing_phone")
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="+", verbose_name="协作单位")
    plan = EncryptedTextField("帮扶计划", purpose="pairing_plan")
    every_days = models.PositiveSmallIntegerField(
        "多久联系一次", choices=Rhythm.choices, default=Rhythm.MONTH
    )
    starts_on = models.DateField("开始日期", default=timezone.localdate)
    next_due_on = models.DateField("下次联系")
    # The record 提供记录 of what the mentor was told, where anything was.
    disclosure_id = models.UUIDField(null=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="谁结的对")
    created_at = models.DateTimeField("登记时间", default=timezone.now)
    ends_on = models.DateField("结束日期", null=True)
    because = models.CharField("为什么结束", max_length=8, choices=Because.choices, blank=True)
    outcome = models.CharField("结果", max_length=12, choices=Outcome.choices, blank=True)
    result = EncryptedTextField("结果说明", purpose="pairing_result", null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="结束人")
    ended_at = models.DateTimeField("结束登记时间", null=True)
    submission_key = models.UUIDField(null=True, unique=True)

    objects = GuardedManager.from_queryset(PairingQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "结对帮扶"
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None, because="", outcome="", result=None, ended_by=None, ended_at=None)
                | (
                    Q(
                        ends_on__isnull=False,
                        result__isnull=False,
                        ended_by__isnull=False,
                        ended_at__isnull=False,
                    )
                    & ~Q(because="")
                    & ~Q(outcome="")
                ),
                name="pairing_ends_with_an_outcome",
                violation_error_message="结束结对必须写明原因和结果",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="pairing_ends_after_it_starts",
                violation_error_message="结束日期不能早于开始日期",
            ),
            models.CheckConstraint(
                condition=Q(kind="person") | Q(kind="unit", unit__isnull=False),
                name="pairing_of_a_unit_names_it",
                violation_error_message="单位结对的，要写明单位",
            ),
            models.CheckConstraint(
                condition=Q(every_days__in=[7, 14, 30]),
                name="pairing_contact_at_least_monthly",
                violation_error_message="至少每月联系一次",
            ),
        ]
        indexes = [
            models.Index(fields=["youth", "-created_at"], name="pairing_of_youth"),
            models.Index(
                fields=["next_due_on", "id"],
                include=["youth", "consent"],
                condition=Q(ends_on=None),
                name="pairing_due",
            ),
        ]

    def __str__(self) -> str:
        return "结对帮扶"  # never who: administration and logs print this

    @property
    def mentor_words(self) -> str:
        """市检察院 李明, 李明."""
        return f"{self.unit} {self.mentor}" if self.unit else self.mentor

    @property
    def consent_holds(self) -> bool:
        return self.consent.ends_on is None or self.consent.ends_on > timezone.localdate()

    @property
    def is_ended(self) -> bool:
        return self.ends_on is not None

    @property
    def is_running(self) -> bool:
        return not self.is_ended and self.consent_holds and self.youth.state == Youth.State.OPEN

    @property
    def state_words(self) -> str:
        if self.is_ended:
            return "已结束"
        return "进行中" if self.is_running else "已停止联系"


class PairingContactQuerySet(GuardedQuerySet["PairingContact"]):
    scope_field = "pairing__youth__grid_id"


class PairingContact(models.Model):
    """结对联系记录: one contact of mentor and youth; added to, never altered. A phone call counts."""

    class How(models.TextChoices):
        PHONE = "phone", "电话、视频"
        HOME = "home", "上门看望"
        MEETING = "meeting", "见面、参加活动"
        LETTER = "letter", "写信、发消息"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pairing = models.ForeignKey(Pairing, models.PROTECT, related_name="contacts", verbose_name="结对")
    on = models.DateField("哪天联系", db_column="contact_on")
    how = models.CharField("怎么联系", max_length=8, choices=How.choices)
    text = EncryptedTextField("情况", purpose="pairing_contact")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="记录人")
    at = models.DateTimeField("登记时间", default=timezone.now)
    submission_key = models.UUIDField(null=True, unique=True)

    objects = GuardedManager.from_queryset(PairingContactQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "结对联系记录"
        ordering = ["-on", "-at"]
        indexes = [models.Index(fields=["pairing", "-on"], name="pairing_contact_of_pairing")]

    def __str__(self) -> str:
        return str(self.get_how_display())


class PairingStepQuerySet(GuardedQuerySet["PairingStep"]):
    scope_field = "pairing__youth__grid_id"


class PairingStep(models.Model):
    """What was done with the pairing itself, in order; added to, never altered."""

    class Kind(models.TextChoices):
        STARTED = "started", "结对"
        PLANNED = "planned", "改定计划"
        CONSENT = "consent", "依据新的同意继续"
        ENDED = "ended", "结束"

    pairing = models.ForeignKey(Pairing, models.PROTECT, related_name="steps", verbose_name="结对")
    kind = models.CharField("做了什么", max_length=8, choices=Kind.choices)
    at = models.DateTimeField("时间", default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="谁")
    text = EncryptedTextField("说明", purpose="pairing_step", null=True, blank=True)

    objects = GuardedManager.from_queryset(PairingStepQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "结对经过"
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["pairing", "at"], name="pairing_step_of_pairing")]

    def __str__(self) -> str:
        return str(self.get_kind_display())
