"""Seals 封存: a notice and its envelope; the tombstones that keep it from coming back; the requests to reopen it.

Nothing here names a person in clear, and nothing elsewhere refers to it: what was taken is told by the envelope alone,
under a key of its own that is kept wrapped by a key outside the database.
"""

import uuid
from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Now
from django.utils import timezone

from grids.models import Division, User
from grids.permissions import Permission

from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet


class CurrentTransaction(Func):
    """The number of the transaction that writes: triggers let its own seal, and no other, take history rows away."""

    template = "pg_current_xact_id()::text::bigint"
    output_field = models.BigIntegerField()


class SealQuerySet(GuardedQuerySet["Seal"]):
    scope_field = "area_id"

    def visible_to(self, user: User, permission: Permission = Permission.SEAL) -> "SealQuerySet":
        """The notices that were entered for the user's area, or for a part of it."""
        return super().visible_to(user, permission)


class Seal(models.Model):
    """封存: the notice of an organ, and an envelope of all that was taken out for it.

    `area` is the district or city of whoever entered it, not where the person lives. `key` wraps the envelope's own
    key and is rotated with the field keys; the envelope itself is never written again. Reopened, both are gone.
    """

    class Organ(models.TextChoices):
        COURT = "court", "人民法院"
        PROCURATORATE = "procuratorate", "人民检察院"
        POLICE = "police", "公安机关"
        JUSTICE = "justice", "司法行政机关"

    class Record(models.TextChoices):
        """What the law seals (LAW section 3)."""

        CRIME = "crime", "未成年人犯罪记录（刑事诉讼法第二百八十六条）"
        NOT_PROSECUTED = "not_prosecuted", "不起诉、附条件不起诉记录（预防未成年人犯罪法第五十九条）"
        COERCIVE = "coercive", "刑事强制措施记录（预防未成年人犯罪法第五十九条）"
        PUNISHMENT = "punishment", "行政处罚记录（预防未成年人犯罪法第五十九条）"
        EDUCATION = "education", "专门矫治教育、专门教育记录（预防未成年人犯罪法第五十九条）"
        INQUIRY = "inquiry", "社会调查、帮教考察、心理疏导、司法救助材料（2022 年实施办法）"
        PUBLIC_ORDER = "public_order", "治安违法记录（治安管理处罚法第一百三十六条）"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    area = models.ForeignKey(Division, models.PROTECT, related_name="+", verbose_name="经办区域")
    organ = models.CharField("通知机关", max_length=15, choices=Organ.choices)
    organ_name = models.CharField("机关名称", max_length=100)
    notice_number = EncryptedTextField("通知书文号", purpose="seal_notice_number")
    notice_on = models.DateField("通知书日期")
    record = models.CharField("封存的记录", max_length=15, choices=Record.choices)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="经办人")
    sealed_at = models.DateTimeField("封存时间", default=timezone.now)
    written_in = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)
    key = EncryptedTextField(purpose="seal_key", null=True)
    envelope = models.BinaryField(null=True)
    reopened_at = models.DateTimeField("启封时间", null=True)
    submission_key = models.UUIDField(unique=True)

    objects = GuardedManager.from_queryset(SealQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "封存"
        ordering = ["-sealed_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reopened_at=None, key__isnull=False, envelope__isnull=False)
                | Q(reopened_at__isnull=False, key=None, envelope=None),
                name="seal_has_its_envelope_until_reopened",
            ),
        ]
        indexes = [models.Index(fields=["area", "-sealed_at"], name="seal_of_area")]

    def __str__(self) -> str:
        return f"封存 {timezone.localdate(self.sealed_at)}"

    @property
    def is_reopened(self) -> bool:
        return self.reopened_at is not None


class Tombstone(models.Model):
    """墓碑: a keyed hash of a person and a thing that was sealed (registry/tombstones.py). It names neither.

    What began on or before `until_on` is the sealed thing come again; what is later is something new. `said` is a keyed
    hash of what a department last said of it, so that the same file twice counts as unchanged, as it would elsewhere.
    Rows carry no seal: the envelope knows its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    mark = models.BinaryField(max_length=32)
    until_on = models.DateField()
    said = models.BinaryField(max_length=32, null=True)

    objects: Any = GuardedManager.from_queryset(GuardedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "墓碑"
        indexes = [models.Index(fields=["mark"], name="tombstone_by_mark")]


class ReopeningQuerySet(GuardedQuerySet["Reopening"]):
    scope_field = "seal__area_id"

    def visible_to(self, user: User, permission: Permission = Permission.SEAL) -> "ReopeningQuerySet":
        return super().visible_to(user, permission)

    def waiting(self) -> "ReopeningQuerySet":
        return self.filter(state=Reopening.State.ASKED)


class Reopening(models.Model):
    """启封申请: asked by one person, decided by another, on one of the three grounds and a document.

    An adult's reoffence is none of them.
    """

    class Ground(models.TextChoices):
        NEW_CRIME = "new_crime", "未成年时又犯新罪，与封存之罪数罪并罚后超过五年"
        EARLIER_CRIME = "earlier_crime", "发现未成年时的漏罪，与封存之罪数罪并罚后超过五年"
        RETRIAL = "retrial", "经再审改判超过五年"

    class State(models.TextChoices):
        ASKED = "asked", "待另一人核准"
        GRANTED = "granted", "已启封"
        DECLINED = "declined", "未予启封"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    seal = models.ForeignKey(Seal, models.PROTECT, related_name="reopenings", verbose_name="封存")
    ground = models.CharField("启封事由", max_length=15, choices=Ground.choices)
    document_number = EncryptedTextField("法律文书文号", purpose="reopening_document_number")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="申请人")
    asked_at = models.DateTimeField("申请时间", default=timezone.now, db_default=Now())
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="核准人")
    decided_at = models.DateTimeField("办理时间", null=True)
    submission_key = models.UUIDField(unique=True)

    objects = GuardedManager.from_queryset(ReopeningQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "启封申请"
        ordering = ["-asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["seal"],
                condition=Q(state="asked"),
                name="reopening_one_asked",
                violation_error_message="这件封存已有一个启封申请，等另一人核准",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("asked_by")),
                name="reopening_by_two",
                violation_error_message="启封须由两人办理，不能核准自己的申请",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by=None, decided_at=None)
                | (~Q(state="asked") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="reopening_decided_by_someone",
            ),
        ]
