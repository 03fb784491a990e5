"""Candidates 线索: residents whom a rule over facts suggests for a category, or for other help, or for leaving one."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from grids.models import Grid, User
from grids.permissions import Permission
from grids.scope import within

from ..codes import PersonMet
from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from .categories import Category
from .enrolments import Enrolment
from .residents import Resident


class CandidateQuerySet(GuardedQuerySet["Candidate"]):
    def open(self) -> "CandidateQuerySet":
        return self.filter(state=Candidate.State.OPEN)

    def as_seen_by(self, user: User) -> "CandidateQuerySet":
        """In scope, and of several quiet ones about one person only one: a single wish for a visit."""
        first = Candidate.objects.filter(
            resident=OuterRef("resident"), grid=OuterRef("grid"), is_quiet=True, id__lt=OuterRef("id")
        )
        waits, was_seen = Q(state="open", visited_at=None), Q(visited_at__isnull=False)
        again = waits & Q(Exists(first.filter(waits))) | was_seen & Q(Exists(first.filter(was_seen)))
        return self.visible_to(user).exclude(~told_to(user) & again)

    def to_visit(self) -> "CandidateQuerySet":
        """Open, and nobody has been there yet: what the grid has to do."""
        return self.open().filter(visited_at=None)


def told_to(user: User) -> Q:
    """The candidates whose category and reason this person may know; of the others, only that a visit is wanted."""
    return Q(is_quiet=False) | within("grid_id", user.prefixes(Permission.KNOW_REASONS))


class Candidate(models.Model):
    """线索: not on the register until a person has been there and verified it.

    `category` or `help_kind` says what for. `kind` leave: the open `enrolment` seems to be over. `is_quiet`: the
    category is private, or the reason speaks of custody: to those who must not know, it is a wish for a visit and
    nothing more, the same as any other quiet one (registry/reasons.py, `told_to`). `fingerprint` stands for the facts
    that carry it: what was decided does not come back until something else is known.
    """

    class Kind(models.TextChoices):
        ENTER = "enter", "拟认定"
        LEAVE = "leave", "拟退出"

    class Help(models.TextChoices):
        """Other help than a category (民发〔2019〕62号; 2024 年《加强流动儿童关爱保护行动方案》)."""

        UNATTENDED = "unattended_in_fact", "事实无人抚养儿童"
        MOVING = "moving_child", "流动儿童"

    class State(models.TextChoices):
        OPEN = "open", "待核实"
        VERIFIED = "verified", "已核实"
        SET_ASIDE = "set_aside", "已搁置"
        WITHDRAWN = "withdrawn", "已撤回"

    class VisitResult(models.TextChoices):
        SEEN = "seen", "已走访"
        NOT_FOUND = "not_found", "没找到人"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    resident = models.ForeignKey(Resident, models.PROTECT, related_name="candidates", verbose_name="居民")
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="+", verbose_name="类别")
    help_kind = models.CharField("其他帮助", max_length=20, choices=Help.choices, blank=True, db_default="")
    kind = models.CharField("方向", max_length=5, choices=Kind.choices, default=Kind.ENTER)
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, null=True, related_name="+", verbose_name="类别认定"
    )
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", verbose_name="网格")
    is_quiet = models.BooleanField("不说明原因")
    since_on = models.DateField("情况起始")
    reason = models.CharField("线索", max_length=500)
    clause = models.CharField("依据条款", max_length=200)
    fingerprint = models.CharField(max_length=64, db_collation="C")
    state = models.CharField(
        "状态", max_length=10, choices=State.choices, default=State.OPEN, db_default="open"
    )
    suggested_on = models.DateField("提出日期", default=timezone.localdate)
    suggested_at = models.DateTimeField("提出时间", default=timezone.now, db_default=Now())
    visited_at = models.DateTimeField("走访登记", null=True)
    visited_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="走访人")
    visit_result = models.CharField(
        "走访结果", max_length=10, choices=VisitResult.choices, blank=True, db_default=""
    )
    visit_met = models.CharField(
        "见到的人", max_length=20, choices=PersonMet.choices, blank=True, db_default=""
    )
    visit_note = EncryptedTextField("看到、问到的情况", purpose="candidate_note", null=True)
    decided_at = models.DateTimeField("办理时间", null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="办理人")
    decision_reason = EncryptedTextField("说明", purpose="candidate_decision", null=True, blank=True)

    objects = GuardedManager.from_queryset(CandidateQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "线索"
        constraints = [
            models.UniqueConstraint(
                fields=["resident", "category", "help_kind", "kind"],
                condition=Q(state="open"),
                nulls_distinct=False,
                name="candidate_one_open",
                violation_error_message="这个人的同一条线索正在办理",
            ),
            models.CheckConstraint(
                condition=Q(category=None) & ~Q(help_kind="") | Q(category__isnull=False, help_kind=""),
                name="candidate_for_category_or_help",
            ),
            models.CheckConstraint(
                condition=~Q(kind="leave") | Q(enrolment__isnull=False),
                name="candidate_leaves_an_enrolment",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, decided_by=None)
                | Q(state="withdrawn", decided_at__isnull=False)
                | Q(state="verified", decided_at__isnull=False, decided_by__isnull=False)
                | Q(
                    state="set_aside",
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                    decision_reason__isnull=False,
                ),
                name="candidate_decided_by_someone",
                violation_error_message="搁置线索必须写明原因",
            ),
            models.CheckConstraint(
                condition=Q(visited_at=None, visited_by=None, visit_result="")
                | (Q(visited_at__isnull=False, visited_by__isnull=False) & ~Q(visit_result="")),
                name="candidate_visited_with_result",
            ),
        ]
        indexes = [
            models.Index(fields=["grid", "suggested_on", "id"], name="candidate_in_grid"),
            models.Index(
                fields=["grid", "suggested_on", "id"],
                condition=Q(state="open", visited_at=None),
                name="candidate_to_visit",
            ),
            models.Index(fields=["suggested_on", "id"], name="candidate_by_age"),
        ]

    @property
    def topic(self) -> str:
        """The code of the category, or of the other help."""
        return self.category_id or self.help_kind

    @property
    def topic_name(self) -> str:
        return str(self.category) if self.category else str(self.get_help_kind_display())
