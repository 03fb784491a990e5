"""Reports 问题上报: what a worker finds on the round, about a youth, a household or a place."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from grids.models import Grid, User
from registry.encryption import EncryptedTextField
from registry.managers import GuardedManager, GuardedQuerySet
from registry.models import Dwelling, Youth

from .cases import Case

UNTOLD, URGENT, ORDINARY = 0, 1, 2


class ReportQuerySet(GuardedQuerySet["Report"]):
    def pending(self) -> "ReportQuerySet":
        """What still waits: for an answer, or for the legal report of a child in danger."""
        return self.filter(Q(state="new") | Q(rank=UNTOLD))

    def untold(self) -> "ReportQuerySet":
        """Of a child in danger, and nobody has said which authority was told 红色."""
        return self.filter(rank=UNTOLD)


class Report(models.Model):
    """问题上报: new → answered with what was done / joined to another about the same / became a case. Never dropped.

    `grid` answers for it: for a youth the file's, for a household the dwelling's. It follows them by triggers
    (migration 0002), so that scope and lists read this table alone. `level` and `due_at`: who is asked by now, and
    until when before it climbs. `rank` orders what waits, and equals what the other columns say (a constraint).
    """

    class About(models.TextChoices):
        YOUTH = "youth", "一个青少年"
        HOUSEHOLD = "household", "一户人家"
        PLACE = "place", "一处地方"

    class Kind(models.TextChoices):
        """Four characters each: three of them stand in a row on a phone."""

        CARE = "care", "没人照看"
        NO_PARENTS = "no_parents", "失去父母"
        EMERGENCY = "emergency", "突发变故"
        HARDSHIP = "hardship", "生活困难"
        DISABILITY = "disability", "残疾照料"
        SCHOOL = "school", "失学旷课"
        MIND = "mind", "心理情绪"
        RUNAWAY = "runaway", "离家流浪"
        WORK = "work", "就业困难"
        RIGHTS = "rights", "维权赔偿"
        QUARREL = "quarrel", "家庭矛盾"
        HAZARD = "hazard", "安全隐患"
        OTHER = "other", "其他"

    class Danger(models.TextChoices):
        """The nine situations 九种情形 of 侵害未成年人案件强制报告 (九部门意见 2020, art. 4)."""

        INTIMATE = "1", "隐私部位受伤"
        UNDER_14 = "2", "不满 14 岁女孩遭性侵、怀孕或流产"
        FROM_14 = "3", "14 岁以上女孩因性侵怀孕或流产"
        WOUNDS = "4", "多处受伤、严重营养不良、意识不清"
        OWN_HAND = "5", "自杀、自残、工伤、中毒等受伤"
        ABANDONED = "6", "被遗弃、长期没人照料"
        MISSING = "7", "来历不明、失踪、被拐"
        BEGGING = "8", "被人组织乞讨"
        OTHER = "9", "其他受侵害或面临危险"

    class Authority(models.TextChoices):
        POLICE = "police", "公安（110）"
        CIVIL_AFFAIRS = "civil_affairs", "民政（12345、儿童督导员）"
        EDUCATION = "education", "教育部门"
        PROCURATORATE = "procuratorate", "检察院"
        WOMEN = "women", "妇儿工委、妇联"
        OTHER = "other", "其他机关"

    class State(models.TextChoices):
        NEW = "new", "待答复"
        ANSWERED = "answered", "已答复"
        JOINED = "joined", "并入另一件"
        CASE = "case", "转为个案"

    class Level(models.TextChoices):
        GRID = "grid", "网格"
        COMMUNITY = "community", "社区（村）"
        STREET = "street", "街道（乡镇）"
        DISTRICT = "district", "区县"
        CITY = "city", "市"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    about = models.CharField("关于", max_length=10, choices=About.choices)
    youth = models.ForeignKey(
        Youth, models.PROTECT, null=True, related_name="reports", verbose_name="青少年档案"
    )
    dwelling = models.ForeignKey(
        Dwelling, models.PROTECT, null=True, related_name="reports", verbose_name="房屋"
    )
    place = EncryptedTextField("地点", purpose="report_place", null=True, blank=True)
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", verbose_name="网格", db_index=False)
    kind = models.CharField("问题", max_length=12, choices=Kind.choices)
    found = EncryptedTextField("发现的情况", purpose="report_found")
    urgent = models.BooleanField("紧急", default=False)
    danger = models.CharField("孩子有危险", max_length=1, choices=Danger.choices, blank=True, default="")
    found_at = models.DateTimeField("发现时间", default=timezone.now)
    found_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="上报人")
    # The legal report 强制报告: which authority was told, when, by whom, and under which number it took it.
    authority = models.CharField(
        "报告了哪个机关", max_length=15, choices=Authority.choices, blank=True, default=""
    )
    told_at = models.DateTimeField("报告时间", null=True)
    told_by = EncryptedTextField("谁去报告的", purpose="report_told_by", null=True, blank=True)
    receipt = EncryptedTextField("回执编号", purpose="report_receipt", null=True, blank=True)
    told_entered_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="登记人"
    )
    told_entered_at = models.DateTimeField("登记时间", null=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.NEW)
    level = models.CharField("层级", max_length=10, choices=Level.choices)
    due_at = models.DateTimeField("答复期限")
    rank = models.PositiveSmallIntegerField(default=ORDINARY)
    outcome = EncryptedTextField("怎么办的", purpose="report_outcome", null=True, blank=True)
    joined_to = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="joined", verbose_name="并入"
    )
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="reports", verbose_name="个案")
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="答复人")
    ended_at = models.DateTimeField("答复时间", null=True)
    submission_key = models.UUIDField(null=True, unique=True)

    objects = GuardedManager.from_queryset(ReportQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "问题上报"
        ordering = ["-found_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(about="youth", youth__isnull=False, dwelling=None, place=None)
                | Q(about="household", youth=None, dwelling__isnull=False, place=None)
                | Q(about="place", youth=None, dwelling=None, place__isnull=False),
                name="report_is_about_one_thing",
                violation_error_message="请说明是关于谁、哪一户，还是哪个地方",
            ),
            models.CheckConstraint(
                condition=Q(danger="") | Q(urgent=True),
                name="report_of_danger_is_urgent",
                violation_error_message="孩子有危险的上报都是紧急的",
            ),
            models.CheckConstraint(
                condition=Q(
                    authority="", told_at=None, told_by=None, receipt=None,
                    told_entered_by=None, told_entered_at=None,
                )
                | (
                    Q(
                        told_at__isnull=False, told_by__isnull=False, receipt__isnull=False,
                        told_entered_by__isnull=False, told_entered_at__isnull=False,
                    )
                    & ~Q(authority="") & ~Q(danger="")
                ),
                name="report_told_with_receipt",
                violation_error_message="请写明报告了哪个机关、什么时候、谁去报告的和回执编号",
            ),
            models.CheckConstraint(
                condition=(Q(rank=UNTOLD, authority="") & ~Q(danger=""))
                | (Q(rank=URGENT, urgent=True) & (Q(danger="") | ~Q(authority="")))
                | Q(rank=ORDINARY, urgent=False),
                name="report_rank_is_true",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="new", outcome=None, joined_to=None, case=None, ended_by=None, ended_at=None
                )
                | Q(
                    state="answered", outcome__isnull=False, joined_to=None, case=None,
                    ended_by__isnull=False, ended_at__isnull=False,
                )
                | (
                    Q(
                        state="joined", outcome=None, joined_to__isnull=False, case=None,
                        ended_by__isnull=False, ended_at__isnull=False,
                    )
                    & ~Q(joined_to=F("id"))
                )
                | Q(
                    state="case", outcome=None, joined_to=None, case__isnull=False,
                    ended_by__isnull=False, ended_at__isnull=False,
                ),
                name="report_ends_with_an_outcome",
                violation_error_message="上报必须写明怎么办的，或者并入另一件、立为个案",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["answered", "joined"]) | ~Q(rank=UNTOLD),
                name="report_of_danger_ends_after_telling",
                violation_error_message="孩子有危险的，先写明报告了哪个机关，才能答复或合并",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["grid"], include=["state", "rank", "kind", "found_by"], name="report_counts_in_grid"
            ),
            models.Index(
                fields=["rank", "due_at", "id"],
                condition=Q(state="new") | Q(rank=UNTOLD),
                name="report_pending",
            ),
            models.Index(fields=["found_at", "id"], name="report_by_found"),
            models.Index(
                fields=["due_at"], condition=Q(state="new") & ~Q(level="city"), name="report_climbs"
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())  # never the words: administration and logs print this

    @property
    def is_new(self) -> bool:
        return self.state == self.State.NEW

    @property
    def is_untold(self) -> bool:
        return self.rank == UNTOLD

    @property
    def subject_words(self) -> str:
        """Whom or what it is about, as a list says it: 张*海, 翠竹园 3栋2单元501, 村口水塘."""
        if self.youth is not None:
            return self.youth.masked_name
        return str(self.dwelling) if self.dwelling is not None else str(self.place)


# What the words stand for in exchange: 困境儿童 (国发〔2016〕36号: 1 poverty, 2 disability, 3 guardianship; beside them
# 孤儿, 临时困境), and the heads of 事件类型 and 隐患类型 of GB/T 31000.
CODES: dict[str, str] = {
    Report.Kind.CARE: "困境 3，事件 0102",
    Report.Kind.NO_PARENTS: "孤儿、事实无人抚养，事件 0102",
    Report.Kind.EMERGENCY: "临时困境",
    Report.Kind.HARDSHIP: "困境 1，事件 12",
    Report.Kind.DISABILITY: "困境 2，事件 12",
    Report.Kind.SCHOOL: "事件 0501",
    Report.Kind.MIND: "事件 99",
    Report.Kind.RUNAWAY: "困境 3，事件 0102",
    Report.Kind.WORK: "事件 07",
    Report.Kind.RIGHTS: "事件 05",
    Report.Kind.QUARREL: "事件 01、02",
    Report.Kind.HAZARD: "隐患 99",
    Report.Kind.OTHER: "事件 99",
}
