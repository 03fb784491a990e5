"""Cases 个案: the joint piece of help for one youth, with what it is for, its steps and its notes."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grids.models import Division, User
from registry.encryption import EncryptedTextField
from registry.managers import GuardedManager, GuardedQuerySet
from registry.models import Need, Youth

from ..codes import Outcome
from .agencies import Agency

RUNNING = ("open", "reopened")
ENDED = ("closed", "declined")


class CaseQuerySet(GuardedQuerySet["Case"]):
    scope_field = "youth__grid_id"

    def running(self) -> "CaseQuerySet":
        return self.filter(state__in=RUNNING)

    def unfinished(self) -> "CaseQuerySet":
        """Running ones, and those that somebody proposed and nobody has decided on."""
        return self.exclude(state__in=ENDED)


class Case(models.Model):
    """个案. `title` and all its words name no category: they are read by people who may not know one.

    `owner` leads it, and follows the youth's responsible division at a handover. Closed only with an outcome for each
    need and the youth's or guardian's view asked (constraints, and a trigger of migration 0001).
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "待立案"
        OPEN = "open", "进行中"
        REOPENED = "reopened", "重新进行"
        CLOSED = "closed", "已结"
        DECLINED = "declined", "未立案"

    class Asked(models.TextChoices):
        YOUTH = "youth", "本人"
        GUARDIAN = "guardian", "监护人"
        BOTH = "both", "本人和监护人"
        UNREACHED = "unreached", "没能问到（写明原因）"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    youth = models.ForeignKey(Youth, models.PROTECT, related_name="cases", verbose_name="青少年档案")
    title = EncryptedTextField("题目", purpose="case_title")
    because = EncryptedTextField("发现的情况", purpose="case_because")
    goals = EncryptedTextField("目标", purpose="case_goals", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="牵头人")
    opened_on = models.DateField("立案日期", default=timezone.localdate)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="提出人")
    created_at = models.DateTimeField("登记时间", default=timezone.now)
    due_on = models.DateField("下一步期限")
    ended_at = models.DateTimeField("结案时间", null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="结案人")
    conclusion = EncryptedTextField("结果", purpose="case_conclusion", null=True, blank=True)
    asked = models.CharField("征求了谁的意见", max_length=10, choices=Asked.choices, blank=True)
    view = EncryptedTextField("本人或监护人的意见", purpose="case_view", null=True, blank=True)
    submission_key = models.UUIDField(null=True, unique=True)

    objects = GuardedManager.from_queryset(CaseQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "个案"
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=ENDED, ended_at__isnull=False, ended_by__isnull=False, conclusion__isnull=False
                )
                | (
                    ~Q(state__in=ENDED)
                    & Q(ended_at=None, ended_by=None, conclusion=None, asked="", view=None)
                ),
                name="case_ends_with_an_outcome",
                violation_error_message="结案必须写明结果",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | (~Q(asked="") & Q(view__isnull=False)),
                name="case_closed_after_asking",
                violation_error_message="结案前要征求本人或监护人的意见",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "declined"]) | Q(owner__isnull=False),
                name="case_has_an_owner",
                violation_error_message="进行中的个案必须有牵头人",
            ),
        ]
        indexes = [
            models.Index(fields=["youth", "-created_at"], name="case_of_youth"),
            models.Index(
                fields=["owner", "due_on"],
                condition=~Q(state__in=["closed", "declined"]),
                name="case_of_owner",
            ),
            models.Index(
                fields=["due_on", "id"], condition=~Q(state__in=["closed", "declined"]), name="case_due"
            ),
        ]

    def __str__(self) -> str:
        return "个案"  # never the title: administration and logs print this

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def is_unfinished(self) -> bool:
        return self.state not in ENDED


class CaseNeedQuerySet(GuardedQuerySet["CaseNeed"]):
    scope_field = "case__youth__grid_id"


class CaseStepQuerySet(GuardedQuerySet["CaseStep"]):
    scope_field = "case__youth__grid_id"


class CaseNoteQuerySet(GuardedQuerySet["CaseNote"]):
    scope_field = "case__youth__grid_id"


class CaseNeed(models.Model):
    """个案要解决的需求, with what came of it. What a need is stands in the file (registry's Need)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="needs", verbose_name="个案")
    need = models.ForeignKey(Need, models.PROTECT, related_name="+", verbose_name="需求")
    outcome = models.CharField("结果", max_length=12, choices=Outcome.choices, blank=True)
    note = EncryptedTextField("结果说明", purpose="case_need_note", null=True, blank=True)
    decided_at = models.DateTimeField("认定时间", null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="认定人")

    objects = GuardedManager.from_queryset(CaseNeedQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "个案需求"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "need"], name="case_need_once"),
            models.CheckConstraint(
                condition=Q(outcome="", note=None, decided_at=None, decided_by=None)
                | (
                    ~Q(outcome="") & Q(note__isnull=False, decided_at__isnull=False, decided_by__isnull=False)
                ),
                name="case_need_outcome_in_words",
                violation_error_message="每项需求的结果都要写明情况",
            ),
        ]

    def __str__(self) -> str:
        return self.need.get_kind_display()


class CaseStep(models.Model):
    """What was done with the case itself, in order; added to, never altered."""

    class Kind(models.TextChoices):
        PROPOSED = "proposed", "提出个案"
        OPENED = "opened", "立案"
        DECLINED = "declined", "未立案"
        NEEDS = "needs", "加入需求"
        GOALS = "goals", "修改目标"
        DUE = "due", "改定下一步期限"
        OWNER = "owner", "更换牵头人"
        CLOSED = "closed", "结案"
        REOPENED = "reopened", "重新进行"

    case = models.ForeignKey(Case, models.PROTECT, related_name="steps", verbose_name="个案")
    kind = models.CharField("做了什么", max_length=10, choices=Kind.choices)
    at = models.DateTimeField("时间", default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="谁")
    text = EncryptedTextField("说明", purpose="case_step", null=True, blank=True)

    objects = GuardedManager.from_queryset(CaseStepQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "个案经过"
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["case", "at"], name="case_step_of_case")]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class CaseNote(models.Model):
    """个案记录, at two levels: for everybody of the case 团队, or for the writer's own unit 本单位 alone.

    Own unit: the agency of the referral on which it was written, else the division of the writer's post. What an agency
    writes for the team goes to the case's people and to no other agency.
    """

    class Level(models.TextChoices):
        TEAM = "team", "团队"
        OWN = "own", "本单位"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="notes", verbose_name="个案")
    referral = models.ForeignKey(
        "referrals.Referral", models.PROTECT, null=True, related_name="notes", verbose_name="转介"
    )
    level = models.CharField("给谁看", max_length=4, choices=Level.choices)
    agency = models.ForeignKey(Agency, models.PROTECT, null=True, related_name="+", verbose_name="协作单位")
    division = models.ForeignKey(Division, models.PROTECT, null=True, related_name="+", verbose_name="单位")
    text = EncryptedTextField("内容", purpose="case_note")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="记录人")
    at = models.DateTimeField("时间", default=timezone.now)
    submission_key = models.UUIDField(null=True, unique=True)

    objects = GuardedManager.from_queryset(CaseNoteQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "个案记录"
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["case", "at"], name="case_note_of_case")]
        constraints = [
            models.CheckConstraint(
                condition=Q(agency=None, referral=None) | Q(agency__isnull=False, referral__isnull=False),
                name="case_note_of_an_agency_hangs_on_its_referral",
            ),
            models.CheckConstraint(
                condition=Q(level="team") | Q(agency__isnull=False) | Q(division__isnull=False),
                name="case_note_own_has_a_unit",
                violation_error_message="只给本单位看的记录要有单位",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_level_display())
