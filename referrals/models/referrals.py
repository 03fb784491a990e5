"""Referrals 转介: one request to one agency within a case, and its steps."""

import uuid
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from registry.encryption import EncryptedTextField
from registry.managers import GuardedManager, GuardedQuerySet
from registry.models import Consent, Duty

from ..codes import HelpKind, Outcome, ReferralField
from .agencies import Agency, AgencyMember
from .cases import Case

RUNNING = ("sent", "accepted", "in_progress")


class ReferralQuerySet(GuardedQuerySet["Referral"]):
    scope_field = "case__youth__grid_id"

    def addressed_to(self, user: User) -> "ReferralQuerySet":
        """What the person may answer: those of the agency of which he or she is a member today, and nothing else."""
        if not user.may(Permission.ANSWER_REFERRALS):
            return self._granted().none()
        own = AgencyMember.objects.current().filter(user=user).values("agency_id")
        return self._granted().filter(agency_id__in=own)

    def running(self) -> "ReferralQuerySet":
        return self.filter(state__in=RUNNING)

    def late(self) -> "ReferralQuerySet":
        """Unanswered in time, or not reported back in time."""
        today = timezone.localdate()
        return self.filter(
            Q(state="sent", answer_by__lt=timezone.now()) | Q(state__in=RUNNING, due_on__lt=today)
        )


class Referral(models.Model):
    """转介: sent → accepted / declined with a reason → in progress → reported back with an outcome, which is required.

    `given`: what was given of the person, as it was that day, encrypted as a whole: the agency reads this row and
    nothing of the register. `answer_by`: until when it is to be accepted or declined. `due_on`: the last day on which
    the outcome is due. `climbs_at`: when it next becomes somebody else's worry; `level`: how far that has gone.
    """

    class State(models.TextChoices):
        SENT = "sent", "待接收"
        ACCEPTED = "accepted", "已接收"
        IN_PROGRESS = "in_progress", "办理中"
        REPORTED = "reported", "已反馈"
        DECLINED = "declined", "不接收"
        WITHDRAWN = "withdrawn", "已撤回"

    class Basis(models.TextChoices):
        CONSENT = "consent", "本人或监护人同意"
        DUTY = "duty", "法定职责"

    class Level(models.TextChoices):
        AGENCY = "", "单位"
        OWNER = "owner", "牵头人"
        DISTRICT = "district", "区县"
        CITY = "city", "市"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="referrals", verbose_name="个案")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="referrals", verbose_name="协作单位")
    help = models.CharField("事项", max_length=15, choices=HelpKind.choices)
    asked = EncryptedTextField("请办什么", purpose="referral_asked")
    fields = ArrayField(
        models.CharField(max_length=12, choices=ReferralField.choices), verbose_name="提供的内容"
    )
    given = EncryptedTextField("提供的信息", purpose="referral_given")
    basis = models.CharField("依据", max_length=8, choices=Basis.choices)
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, related_name="+", verbose_name="同意")
    duty = models.CharField("法定职责", max_length=10, choices=Duty.choices, blank=True)
    clause = models.CharField("条款", max_length=100, blank=True)
    # No foreign key: what was given is kept as long as the law wants, however long this lies here.
    disclosure_id = models.UUIDField("提供记录")
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.SENT)
    sent_at = models.DateTimeField("发出时间", default=timezone.now)
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="发出人")
    answer_by = models.DateTimeField("答复期限")
    due_on = models.DateField("反馈期限")
    level = models.CharField("上报层级", max_length=10, choices=Level.choices, blank=True, default="")
    climbs_at = models.DateTimeField("下次上报", null=True)
    answered_at = models.DateTimeField("答复时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="结束人")
    reason = EncryptedTextField("不接收或撤回的理由", purpose="referral_reason", null=True, blank=True)
    outcome = models.CharField("结果", max_length=12, choices=Outcome.choices, blank=True)
    result = EncryptedTextField("反馈", purpose="referral_result", null=True, blank=True)
    submission_key = models.UUIDField(null=True, unique=True)

    objects = GuardedManager.from_queryset(ReferralQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "转介"
        ordering = ["-sent_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(state="reported", result__isnull=False, reason=None, answered_at__isnull=False)
                    & ~Q(outcome="")
                )
                | (~Q(state="reported") & Q(outcome="", result=None)),
                name="referral_reported_with_an_outcome",
                violation_error_message="反馈必须写明结果",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["declined", "withdrawn"], reason__isnull=False)
                | (~Q(state__in=["declined", "withdrawn"]) & Q(reason=None)),
                name="referral_declined_with_a_reason",
                violation_error_message="不接收或撤回必须写明理由",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RUNNING, ended_at=None, ended_by=None)
                | (~Q(state__in=RUNNING) & Q(ended_at__isnull=False, ended_by__isnull=False, climbs_at=None)),
                name="referral_ended_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(basis="consent", consent__isnull=False, duty="")
                | (Q(basis="duty", consent=None) & ~Q(duty="") & ~Q(clause="")),
                name="referral_has_a_basis",
                violation_error_message="转介必须有同意，或写明条款的法定职责作依据",
            ),
            models.CheckConstraint(
                condition=Q(fields__contained_by=ReferralField.values) & ~Q(fields=[]),
                name="referral_gives_of_the_closed_list",
                violation_error_message="只能提供清单里的内容，至少一项",
            ),
        ]
        indexes = [
            models.Index(fields=["agency", "-sent_at", "id"], name="referral_of_agency"),
            models.Index(fields=["case", "sent_at"], name="referral_of_case"),
            models.Index(fields=["climbs_at"], condition=Q(climbs_at__isnull=False), name="referral_climbs"),
        ]

    def __str__(self) -> str:
        return "转介"

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def is_late(self) -> bool:
        if not self.is_running:
            return False
        unanswered = self.state == self.State.SENT and self.answer_by < timezone.now()
        return unanswered or self.due_on < timezone.localdate()

    @property
    def field_words(self) -> str:
        return "、".join(str(ReferralField(code).label) for code in self.fields)

    @property
    def days_left(self) -> timedelta:
        return self.due_on - timezone.localdate()


class OfReferralQuerySet(GuardedQuerySet["ReferralStep"]):
    scope_field = "referral__case__youth__grid_id"


class ReferralStep(models.Model):
    """What became of a referral, step by step; added to, never altered."""

    class Kind(models.TextChoices):
        SENT = "sent", "发出转介"
        ACCEPTED = "accepted", "接收"
        DECLINED = "declined", "不接收"
        IN_PROGRESS = "in_progress", "开始办理"
        REPORTED = "reported", "反馈结果"
        WITHDRAWN = "withdrawn", "撤回"
        CLIMBED = "climbed", "超期上报"
        DUE = "due", "改定反馈期限"

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="steps", verbose_name="转介")
    kind = models.CharField("做了什么", max_length=12, choices=Kind.choices)
    at = models.DateTimeField("时间", default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="谁")
    text = EncryptedTextField("说明", purpose="referral_step", null=True, blank=True)

    objects = GuardedManager.from_queryset(OfReferralQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "转介经过"
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["referral", "at"], name="referral_step_of_referral")]

    def __str__(self) -> str:
        return str(self.get_kind_display())
