"""Agencies 协作单位, and who of them answers referrals."""

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grids.models import Division, User
from grids.models.staff import PeriodQuerySet, period
from grids.permissions import Permission
from grids.scope import covers, within

from ..codes import AgencyKind, HelpKind


class AgencyQuerySet(models.QuerySet["Agency"]):
    def known_to(self, user: User) -> "AgencyQuerySet":
        """Those whose area lies in, or around, where the person leads cases or manages places. To agencies: none."""
        prefixes = [*user.prefixes(Permission.LEAD_CASES), *user.prefixes(Permission.MANAGE_PLACES)]
        around = {code[:length] for code in prefixes for length in (4, 6, 9, 12) if length <= len(code)}
        return self.filter(within("area_id", prefixes) | Q(area_id__in=around))

    def managed_by(self, user: User) -> "AgencyQuerySet":
        """Those that serve an area which the person manages; all of them for the system administrator."""
        prefixes = user.prefixes(Permission.MANAGE_PLACES)
        if user.may(Permission.MANAGE_PLACES) and not prefixes:
            return self
        return self.filter(within("area_id", prefixes))

    def working(self) -> "AgencyQuerySet":
        """Those that can be asked today."""
        return self.filter(closed_on=None)

    def serving(self, code: str) -> "AgencyQuerySet":
        """Those whose area contains this division or grid."""
        return self.filter(area_id__in=[code[:length] for length in (4, 6, 9, 12)])


class Agency(models.Model):
    """协作单位: who is asked for which help, in which area, under which agreement.

    Not a person's data: whom it helps hangs on its referrals. One that ends is closed, never deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField("名称", max_length=100, unique=True, error_messages={"unique": "已有同名的单位"})
    kind = models.CharField("性质", max_length=15, choices=AgencyKind.choices)
    area = models.ForeignKey(Division, models.PROTECT, related_name="+", verbose_name="服务区域")
    helps = ArrayField(models.CharField(max_length=15, choices=HelpKind.choices), verbose_name="帮扶事项")
    agreement_number = models.CharField("协议编号", max_length=50, blank=True)
    agreement_ends_on = models.DateField("协议到期", null=True, blank=True)
    contact = models.CharField("联系人和电话", max_length=100, blank=True)
    closed_on = models.DateField("停止合作", null=True, blank=True)
    created_at = models.DateTimeField("登记时间", default=timezone.now)
    submission_key = models.UUIDField(null=True, unique=True, editable=False)
    history = HistoricalRecords(verbose_name="协作单位变更")

    objects = AgencyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "协作单位"
        ordering = ["area_id", "name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(helps=[]),
                name="agency_helps_with_something",
                violation_error_message="请至少选一项帮扶事项",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def help_words(self) -> str:
        return "、".join(str(HelpKind(code).label) for code in self.helps)

    @property
    def is_working(self) -> bool:
        return self.closed_on is None

    @property
    def agreement_is_over(self) -> bool:
        return self.agreement_ends_on is not None and self.agreement_ends_on < timezone.localdate()

    def serves(self, code: str) -> bool:
        return covers([self.area_id], code)


class AgencyMember(models.Model):
    """协作单位人员: who answers for an agency, from when to when, approved by whom (未成年人网络保护条例 36).

    One agency at a time, and only somebody who holds a post of the role `agency` (migration 0001).
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="members", verbose_name="协作单位")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name="用户")
    starts_on = models.DateField("起始日期", default=timezone.localdate)
    ends_on = models.DateField("终止日期", null=True, blank=True, help_text="当天起不再有效")
    approved_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="批准人")
    history = HistoricalRecords(verbose_name="协作单位人员变更")

    objects = PeriodQuerySet["AgencyMember"].as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "协作单位人员"
        ordering = ["agency_id", "starts_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="agency_member_ends_after_start",
                violation_error_message="终止日期不能早于起始日期",
            ),
            models.CheckConstraint(
                condition=~Q(approved_by=F("user")),
                name="agency_member_approved_by_another",
                violation_error_message="批准人不能是本人",
            ),
            ExclusionConstraint(
                name="agency_member_of_one",
                expressions=[("user", RangeOperators.EQUAL), (period(), RangeOperators.OVERLAPS)],
                violation_error_message="此人在该时段已是一个协作单位的人员",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency} {self.user}"

    @property
    def is_current(self) -> bool:
        today = timezone.localdate()
        return self.starts_on <= today and (self.ends_on is None or self.ends_on > today)
