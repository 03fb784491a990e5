"""Disclosures 提供记录: what of whom was given to which other body, why, and until when (个人信息保护法 23).

Kept at least three years (网络数据安全管理条例 12) and added to, never altered.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from grids.models import User
from grids.permissions import Permission
from grids.scope import within

from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from .consents import Consent
from .youths import Youth


class DisclosedField(models.TextChoices):
    """What can be given of a person. Which category, and why, is never said here."""

    NAME = "name", "姓名"
    AGE_SEX = "age_sex", "年龄和性别"
    ID_NUMBER = "id_number", "证件号码"
    PHONE = "phone", "联系方式"
    ADDRESS = "address", "住址"
    FAMILY = "family", "监护和家庭"
    SCHOOL_WORK = "school_work", "就学就业"
    HEALTH = "health", "健康情况"
    NEEDS = "needs", "需求"
    VISITS = "visits", "走访和帮扶情况"
    CATEGORY = "category", "类别"


class Duty(models.TextChoices):
    """The statutory duties under which something is given without consent."""

    REPORT = "report", "强制报告（未成年人保护法第十一条）"
    RELIEF = "relief", "提请救助保护（未成年人保护法第四十三、九十一至九十四条）"
    EMERGENCY = "emergency", "紧急情况下保护生命健康（个人信息保护法第十三条第四项）"
    TRANSFER = "transfer", "迁往外地的关爱转介（国发〔2016〕13号）"
    CHECK = "check", "数据校核（政务数据共享条例）"
    INQUIRY = "inquiry", "司法、执法机关依法调取（写明文书）"
    OTHER = "other", "其他法定职责（写明条款）"


class DisclosureQuerySet(GuardedQuerySet["Disclosure"]):
    def visible_to(self, user: User, permission: Permission = Permission.EXPORT) -> "DisclosureQuerySet":
        """Those that tell of somebody in the reader's area; all of them for the auditor, who is shown ids alone."""
        if user.may(Permission.READ_AUDIT):
            return self._granted()
        area = within("youth__grid_id", user.prefixes(permission))
        named = DisclosedPerson.objects.filter(area, disclosure=OuterRef("pk"))
        return self._granted().filter(Exists(named))


class Disclosure(models.Model):
    """提供记录: one act of giving something to one body. Whom it is about: `persons`."""

    class Basis(models.TextChoices):
        CONSENT = "consent", "同意"
        DUTY = "duty", "法定职责"

    class ReceiverKind(models.TextChoices):
        GOVERNMENT = "government", "政府部门"
        JUDICIAL = "judicial", "公安、检察、法院"
        COMMITTEE = "committee", "外地团委或街道社区"
        SCHOOL = "school", "学校"
        EMPLOYER = "employer", "用人单位"
        AGENCY = "agency", "法律援助、医院、社会组织"
        PERSON = "person", "志愿者、爱心人士"

    class Means(models.TextChoices):
        LETTER = "letter", "函件"
        SHEET = "sheet", "清单文件"
        PHONE = "phone", "电话"
        SPOKEN = "spoken", "当面"
        PLATFORM = "platform", "平台转介"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    given_on = models.DateField("提供日期")
    receiver = models.CharField("接收单位", max_length=100)
    receiver_kind = models.CharField("单位性质", max_length=12, choices=ReceiverKind.choices)
    agreement_number = models.CharField("协议编号", max_length=50, blank=True)
    fields = ArrayField(
        models.CharField(max_length=12, choices=DisclosedField.choices), verbose_name="提供的内容"
    )
    why = EncryptedTextField("用途", purpose="disclosure_why")
    means = models.CharField("提供方式", max_length=8, choices=Means.choices)
    basis = models.CharField("依据", max_length=8, choices=Basis.choices)
    duty = models.CharField("法定职责", max_length=10, choices=Duty.choices, blank=True)
    clause = models.CharField("条款或文书", max_length=100, blank=True)
    until = models.DateField("用到哪天")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="提供人")
    post = models.CharField("任职", max_length=200)
    created_at = models.DateTimeField("登记时间", default=timezone.now)
    submission_key = models.UUIDField(null=True, unique=True)

    objects = GuardedManager.from_queryset(DisclosureQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "提供记录"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["-created_at", "-id"], name="disclosure_by_moment")]
        constraints = [
            models.CheckConstraint(
                condition=Q(basis="consent", duty="") | (Q(basis="duty") & ~Q(duty="")),
                name="disclosure_has_basis",
                violation_error_message="提供信息必须有同意或法定职责作依据",
            ),
            models.CheckConstraint(
                condition=~Q(duty__in=["other", "inquiry"]) | ~Q(clause=""),
                name="disclosure_names_clause",
                violation_error_message="请写明条款或文书名称和编号",
            ),
            models.CheckConstraint(
                condition=~Q(fields=[]),
                name="disclosure_says_what",
                violation_error_message="请写明提供了什么",
            ),
            models.CheckConstraint(
                condition=~Q(receiver_kind__in=["school", "employer"], fields__contains=["category"]),
                name="disclosure_no_category_to_schools",
                violation_error_message="给学校和用人单位的材料不得写明类别",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receiver} {self.given_on}"

    @property
    def fields_words(self) -> str:
        return "、".join(str(DisclosedField(code).label) for code in self.fields)

    @property
    def basis_words(self) -> str:
        if self.basis == self.Basis.CONSENT:
            return "同意"
        return f"{self.get_duty_display()}{f'：{self.clause}' if self.clause else ''}"


class DisclosedPersonQuerySet(GuardedQuerySet["DisclosedPerson"]):
    scope_field = "youth__grid_id"


class DisclosedPerson(models.Model):
    """One whom a disclosure tells of. `consent`: the one it rests on, if it rests on consent (migration 0020)."""

    disclosure = models.ForeignKey(
        Disclosure, models.PROTECT, related_name="persons", verbose_name="提供记录"
    )
    youth = models.ForeignKey(Youth, models.PROTECT, related_name="disclosures", verbose_name="青少年档案")
    consent = models.ForeignKey(
        Consent, models.PROTECT, null=True, related_name="disclosures", verbose_name="同意"
    )

    objects = GuardedManager.from_queryset(DisclosedPersonQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "提供记录所涉人员"
        constraints = [
            models.UniqueConstraint(fields=["disclosure", "youth"], name="disclosed_person_once"),
        ]
