"""Readings 查阅记录: who looked at whom, when, through what. Added to, never altered (a trigger refuses it)."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission

from ..managers import GuardedManager, GuardedQuerySet
from .youths import Youth


class ReadingQuerySet(GuardedQuerySet["Reading"]):
    def visible_to(self, user: User, permission: Permission = Permission.READ_AUDIT) -> "ReadingQuerySet":
        """All of them for whoever audits, none for anybody else: they have no area."""
        return self._granted() if user.may(permission) else self._granted().none()

    def of_file(self, youth: Youth) -> "ReadingQuerySet":
        """Where this person was shown, as a file or as a resident. The file itself was obtained in scope."""
        names = [youth.pk, UUID(int=youth.resident_id)]
        return self._granted().filter(subject_ids__overlap=names)


class Reading(models.Model):
    """查阅记录: one page, list or sheet that named people, with the ids that stood on it and no word of a search.

    `subject_ids` are uuids whatever the subject: a file's own, and for a resident or a dwelling its bigint id as a
    uuid of that number (`registry/readings.py`), so that one index answers "who looked at this person".
    """

    class Subject(models.TextChoices):
        YOUTH = "youth", "青少年档案"
        RESIDENT = "resident", "实有人口"
        DWELLING = "dwelling", "房屋"

    at = models.DateTimeField("时间", default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="查阅人")
    post = models.CharField("任职", max_length=200)
    page = models.CharField("页面", max_length=50)
    purpose = models.CharField("用途", max_length=200, blank=True)
    subject = models.CharField("对象", max_length=10, choices=Subject.choices)
    count = models.PositiveIntegerField("人（处）数")
    subject_ids = ArrayField(models.UUIDField(), verbose_name="对象编号")
    request_id = models.CharField("请求编号", max_length=64, db_collation="C")

    objects = GuardedManager.from_queryset(ReadingQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "查阅记录"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["by", "-at"], name="reading_by_person"),
            GinIndex(fields=["subject_ids"], name="reading_of_subject"),
            models.Index(fields=["at", "id"], name="reading_by_moment"),
        ]


class ReadingBlockQuerySet(GuardedQuerySet["ReadingBlock"]):
    def visible_to(
        self, user: User, permission: Permission = Permission.READ_AUDIT
    ) -> "ReadingBlockQuerySet":
        return self._granted() if user.may(permission) else self._granted().none()


class ReadingBlock(models.Model):
    """封签: readings sealed together, a keyed digest of each, chained to the block before (registry/reading_chain.py).

    Ids run from 1 without a gap. `drops_month`: instead of sealing readings it says that the month was dropped when
    its time was over, and by whom. Of no person: it holds numbers of rows and digests.
    """

    id = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField(db_default=Now())
    month = models.DateField()
    last_at = models.DateTimeField(null=True, db_index=True)
    reading_ids = ArrayField(models.BigIntegerField())
    digests = models.BinaryField()
    previous = models.BinaryField()
    hash = models.BinaryField()
    drops_month = models.BooleanField(default=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)

    objects = GuardedManager.from_queryset(ReadingBlockQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "查阅记录封签"
        ordering = ["id"]
