"""Grants 临时授权: to look beyond one's scope, or to know a reason, for a while (未成年人网络保护条例 art. 36).

The row is the record of the single approval: asked by whom and why, given by which named manager, from when to when,
ended or reviewed by whom. The database (migration 0021) lets nobody approve or review an own one, refuses officers 三员
and agencies, wants the approver's post over the area, limits the time, and refuses to alter what was done.
"""

import uuid
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.utils import timezone

from grids.lending import number_of
from grids.models import User
from grids.permissions import Permission
from grids.scope import within

from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from .youths import Youth

# What no setting can exceed.
LONGEST = timedelta(days=31)
LONGEST_EMERGENCY = timedelta(days=1)
LATELY = timedelta(days=30)


class GrantQuerySet(GuardedQuerySet["Grant"]):
    def visible_to(self, user: User, permission: Permission = Permission.APPROVE_GRANTS) -> "GrantQuerySet":
        """One's own; those that were asked of the user's area or are about a file there; all for whoever audits."""
        if user.may(Permission.READ_AUDIT):
            return self._granted()
        area = user.prefixes(permission)
        return self._granted().filter(Q(holder=user) | within("code", area) | within("youth__grid_id", area))

    def asked(self) -> "GrantQuerySet":
        return self.filter(state=Grant.State.ASKED)

    def running(self) -> "GrantQuerySet":
        """Those that hold at this moment: by the clock, not by anything that would have to be swept."""
        return self.filter(state=Grant.State.GIVEN, ends_at__gt=timezone.now())

    def on_file(self, youth: Youth) -> "GrantQuerySet":
        """What holds for this file now, and its emergencies of the last month. The file was obtained in scope."""
        around = [youth.grid_id[:length] for length in (6, 9, 12)]
        of_file = self._granted().filter(Q(youth=youth) | Q(what=Grant.What.AREA, code__in=around))
        lately = timezone.now() - LATELY
        return of_file.filter(
            Q(state=Grant.State.GIVEN, ends_at__gt=timezone.now()) | Q(is_emergency=True, asked_at__gt=lately)
        )

    def to_review(self) -> "GrantQuerySet":
        return self.filter(is_emergency=True, reviewed_at=None)


_LENT = """ARRAY(
    SELECT jsonb_build_object('id', id, 'what', what, 'code', code, 'subject', youth_id)
    FROM registry_grant WHERE holder_id = %s AND state = 'given' AND ends_at > %s)"""


def lent_to(user_id: int) -> RawSQL:
    """What grids/lending.py asks for: the running grants of this person (GrantQuerySet.running), as one value.

    Written out: every page asks for it, and putting it together anew cost more than all else about a person.
    """
    lent = ArrayField(models.JSONField())
    return RawSQL(_LENT, [user_id, timezone.now()], output_field=lent)  # noqa: S611 - two values, passed as such


class Grant(models.Model):
    """临时授权. `code`: the area asked for, or the one whose manager decides; a grant holds under it alone.

    So a file that passes into another district leaves the grant behind: who gave it has no say there.
    `about`: the words (an ID number, or a name) by which the manager finds the person; gone once it is decided.
    """

    class What(models.TextChoices):
        FILE = "file", "查看一份档案"
        AREA = "area", "在一个区域查看档案"
        REASON = "reason", "知晓保密类别"

    class State(models.TextChoices):
        ASKED = "asked", "待审批"
        GIVEN = "given", "已批准"
        DECLINED = "declined", "未批准"
        TAKEN_BACK = "taken_back", "已撤回"
        NOBODY = (
            "nobody",
            "没有找到",
        )  # an emergency that led to no file: recorded and reviewed like the others

    class Finding(models.TextChoices):
        PROPER = "proper", "确有必要"
        IMPROPER = "improper", "不应查阅"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    holder = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="申请人")
    what = models.CharField("内容", max_length=10, choices=What.choices)
    is_emergency = models.BooleanField("紧急查阅", default=False)
    youth = models.ForeignKey(Youth, models.PROTECT, null=True, related_name="grants", verbose_name="档案")
    code = models.CharField("区域", max_length=15, db_collation="C")
    about = EncryptedTextField("要找的人", purpose="grant_about", null=True, blank=True)
    reason = EncryptedTextField("申请理由", purpose="grant_reason")
    days = models.PositiveSmallIntegerField("天数", default=0)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField("申请时间", default=timezone.now)
    decided_at = models.DateTimeField("审批时间", null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="审批人")
    decision_note = EncryptedTextField("审批意见", purpose="grant_decision_note", null=True, blank=True)
    starts_at = models.DateTimeField("生效时间", null=True)
    ends_at = models.DateTimeField("失效时间", null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="提前结束人")
    review_due_at = models.DateTimeField("复核期限", null=True)
    review_level = models.CharField("复核层级", max_length=10, blank=True)  # "district" or "city"
    reviewed_at = models.DateTimeField("复核时间", null=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="复核人")
    finding = models.CharField("复核结论", max_length=10, choices=Finding.choices, blank=True)
    review_note = EncryptedTextField("复核意见", purpose="grant_review_note", null=True, blank=True)
    submission_key = models.UUIDField()

    objects = GuardedManager.from_queryset(GrantQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "临时授权"
        ordering = ["-asked_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["holder", "submission_key"], name="grant_asked_once"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("holder")),
                name="grant_decided_by_another",
                violation_error_message="不能审批自己的申请，请由另一位负责人办理",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=F("holder")),
                name="grant_reviewed_by_another",
                violation_error_message="不能复核自己的查阅，请由另一位负责人办理",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="given", starts_at__isnull=False, ends_at__isnull=False, ends_at__gte=F("starts_at")
                )
                | (~Q(state="given") & Q(starts_at=None, ends_at=None, ended_by=None)),
                name="grant_has_an_end",
                violation_error_message="临时授权必须写明起止时间",
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None)
                | Q(is_emergency=True, ends_at__lte=F("starts_at") + LONGEST_EMERGENCY)
                | Q(is_emergency=False, ends_at__lte=F("starts_at") + LONGEST),
                name="grant_not_longer_than_allowed",
                violation_error_message="临时授权最长 31 天，紧急查阅最长 24 小时",
            ),
            models.CheckConstraint(
                condition=~Q(state="given")
                | Q(what="area", youth=None, is_emergency=False)
                | Q(what__in=["file", "reason"], youth__isnull=False),
                name="grant_is_about_one_file_or_an_area",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "taken_back"], decided_by=None, decided_at=None, is_emergency=False)
                | Q(state="given", is_emergency=False, decided_by__isnull=False, decided_at__isnull=False)
                | Q(state="declined", is_emergency=False, decided_by__isnull=False, decision_note__isnull=False)
                | Q(state__in=["given", "nobody"], is_emergency=True, decided_by=None, review_due_at__isnull=False),
                name="grant_decided_by_a_named_manager",
                violation_error_message="临时授权须由一位负责人审批，不批准要写明理由",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at=None, reviewed_by=None, finding="")
                | (Q(is_emergency=True, reviewed_at__isnull=False, reviewed_by__isnull=False) & ~Q(finding="")),
                name="grant_reviewed_with_a_finding",
            ),
            models.CheckConstraint(
                condition=Q(state="asked") | Q(about=None), name="grant_forgets_who_was_looked_for"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["holder", "-asked_at"], name="grant_of_holder"),
            models.Index(fields=["code", "-asked_at"], name="grant_of_area"),
            models.Index(
                fields=["review_due_at"],
                condition=Q(is_emergency=True, reviewed_at=None),
                name="grant_to_review",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return number_of(self.pk)

    @property
    def is_running(self) -> bool:
        return self.state == self.State.GIVEN and self.ends_at is not None and self.ends_at > timezone.now()

    @property
    def is_to_review(self) -> bool:
        return self.is_emergency and self.reviewed_at is None

    @property
    def standing(self) -> str:
        """The state in words."""
        if self.state != self.State.GIVEN:
            return str(self.get_state_display())
        if self.is_running:
            return "生效中"
        return "已提前结束" if self.ended_by_id else "已到期"

    @property
    def title(self) -> str:
        words = str(self.get_what_display())
        return f"紧急{words}" if self.is_emergency else words

    @property
    def days_given(self) -> int:
        """For how many days it was given; 0 for an emergency, and for what was not given."""
        return (self.ends_at - self.starts_at).days if self.ends_at and self.starts_at else 0
