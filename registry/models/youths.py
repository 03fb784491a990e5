"""Youths 青少年档案: the files of the young residents whom the service looks after; the one table lists read."""

import uuid
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grids.models import Grid, User
from grids.permissions import Permission
from grids.scope import within

from ..codes import Grade, Sex
from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from ..names import mask_name
from ..retention_policy import term
from .characters import Characters
from .residents import Resident


class YouthQuerySet(GuardedQuerySet["Youth"]):
    def readable_by(self, user: User) -> "YouthQuerySet":
        """Files whose page this person may read: those in sight, and those that a grant 临时授权 lends.

        Only for the page of one file: lists, counts, exports and every write ask `visible_to`.
        """
        readable = within("grid_id", user.prefixes(Permission.SEE_YOUTHS))
        for loan in user.loans:
            if loan.what in ("file", "area"):
                one = Q() if loan.subject is None else Q(pk=loan.subject)
                readable |= within("grid_id", [loan.code]) & one
        return self._granted().filter(readable)

    def open(self) -> "YouthQuerySet":
        return self.filter(state=Youth.State.OPEN)

    def overdue(self) -> "YouthQuerySet":
        """Open files whose next visit was due before today."""
        return self.open().filter(next_due_on__lt=timezone.localdate())


class Youth(models.Model):
    """青少年档案: the file of a resident up to and including 25.

    `grid` is the responsible grid: it changes only when a handover is accepted (or a grid is redrawn), whatever
    the residence says. The columns under "copies" are maintained by `registry/register_row.py` alone.
    """

    class State(models.TextChoices):
        OPEN = "open", "在管"
        CLOSED = "closed", "已结"

    class School(models.TextChoices):
        IN_SCHOOL = "in_school", "在学"
        TRUANT = "truant", "旷课"
        DROPPED_OUT = "dropped_out", "辍学"
        UNKNOWN = "unknown", "不在学或不详"

    class Work(models.TextChoices):
        EMPLOYED = "employed", "就业"
        PREPARING = "preparing", "备考培训"
        UNEMPLOYED = "unemployed", "失业登记"
        UNKNOWN = "unknown", "无业或不详"

    class Guardian(models.TextChoices):
        PARENT_HOME = "parent_home", "父母至少一方在家"
        ENTRUSTED = "entrusted", "父母不在家，他人照护"
        UNATTENDED = "unattended", "无人照护"
        UNKNOWN = "unknown", "不详"

    class Hukou(models.TextChoices):
        HERE = "here", "本市户籍"
        ELSEWHERE = "elsewhere", "非本市户籍"
        UNKNOWN = "unknown", "户籍不详"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    resident = models.OneToOneField(Resident, models.PROTECT, related_name="youth", verbose_name="居民")
    grid = models.ForeignKey(
        Grid, models.PROTECT, related_name="+", verbose_name="责任网格", db_index=False
    )  # indexes below begin with it
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    opened_on = models.DateField("建档日期", default=timezone.localdate)
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="建档人")
    opened_reason = EncryptedTextField("建档原因", purpose="youth_opened_reason", null=True, blank=True)
    closed_on = models.DateField("结档日期", null=True)
    closed_reason = EncryptedTextField("结档原因", purpose="youth_closed_reason", null=True, blank=True)
    grade = models.CharField("关注等级", max_length=1, choices=Grade.choices, default=Grade.B)
    grade_reason = EncryptedTextField("定级原因", purpose="youth_grade_reason", null=True, blank=True)
    last_verified_on = models.DateField("最近核实", null=True)
    next_due_on = models.DateField("下次走访", null=True)
    version = models.PositiveIntegerField(default=1, db_default=1)  # a stale edit is seen by it

    # Copies for the lists, from resident, residence, facts, guardianships, enrolments, needs, moves.
    name = models.CharField("姓名", max_length=50)
    pinyin = models.CharField(max_length=200, db_collation="C", blank=True)
    initials = models.CharField(max_length=50, db_collation="C", blank=True)
    sex = models.CharField("性别", max_length=1, choices=Sex.choices)
    birth_on = models.DateField("出生日期")
    lives_in = models.CharField(
        "现住网格", max_length=15, blank=True, db_collation="C"
    )  # "" when not in the city
    estate = models.CharField("小区（村组）", max_length=100, blank=True)
    category_mask = models.PositiveSmallIntegerField(default=0)
    school = models.CharField("就学", max_length=12, choices=School.choices, default=School.UNKNOWN)
    work = models.CharField("就业", max_length=12, choices=Work.choices, default=Work.UNKNOWN)
    guardian = models.CharField("监护", max_length=12, choices=Guardian.choices, default=Guardian.UNKNOWN)
    hukou = models.CharField("户籍", max_length=12, choices=Hukou.choices, default=Hukou.UNKNOWN)
    needs = ArrayField(models.CharField(max_length=20), verbose_name="需求", default=list, blank=True)
    moved_on = models.DateField("最近迁移", null=True)

    history = HistoricalRecords(
        verbose_name="档案变更",
        excluded_fields=[
            "name", "pinyin", "initials", "sex", "birth_on", "lives_in", "estate", "category_mask", "school", "work",
            "guardian", "hukou", "needs", "moved_on", "version",
        ],
    )  # fmt: skip

    objects = GuardedManager.from_queryset(YouthQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "青少年档案"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", closed_on=None, closed_reason=None)
                | Q(state="closed", closed_on__isnull=False, closed_reason__isnull=False),
                name="youth_closed_with_date_and_reason",
                violation_error_message="结档必须写明日期和原因",
            ),
            models.CheckConstraint(
                condition=~Q(state="open") | Q(next_due_on__isnull=False),
                name="youth_open_has_next_due",
            ),
        ]
        indexes = [
            models.Index(fields=["grid", "next_due_on", "id"], name="youth_due_in_grid"),
            models.Index(fields=["next_due_on", "id"], name="youth_due"),
            models.Index(fields=["pinyin", "name", "id"], name="youth_by_pinyin"),
            models.Index(fields=["initials"], name="youth_by_initials"),
            models.Index(F("last_verified_on").asc(nulls_first=True), F("id"), name="youth_by_verified"),
            models.Index(fields=["birth_on", "id"], name="youth_by_birth"),
            models.Index(
                fields=["grid"],
                include=[
                    "state",
                    "category_mask",
                    "next_due_on",
                    "birth_on",
                    "last_verified_on",
                    "grade",
                    "school",
                    "work",
                    "guardian",
                    "hukou",
                    "id",
                ],
                name="youth_counts_in_grid",
            ),
            models.Index(fields=["moved_on"], condition=Q(state="open"), name="youth_moved_lately"),
            GinIndex(Characters("name"), name="youth_name_characters"),
            GinIndex(Characters("estate"), name="youth_estate_characters"),
        ]

    def __str__(self) -> str:
        return self.masked_name

    @property
    def masked_name(self) -> str:
        return mask_name(self.name)

    @property
    def age(self) -> int:
        """Whole years 周岁 today; the birthday itself counts as reached."""
        return age_on(self.birth_on, timezone.localdate())

    @property
    def kept_until(self) -> date | None:
        """The day on which the closed file becomes anonymous 匿名化; None while it is open."""
        return term("file").after(self.closed_on) if self.closed_on else None

    @property
    def days_overdue(self) -> int:
        """Days since the next visit was due; 0 when not late."""
        if self.next_due_on is None or self.state != self.State.OPEN:
            return 0
        return max(0, (timezone.localdate() - self.next_due_on).days)


def age_on(birth_on: Any, day: Any) -> int:
    """Whole years on a day."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))
