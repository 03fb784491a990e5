"""Residents 实有人口 and the households they live in as one family."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q
from simple_history.models import HistoricalRecords

from grids.models import User
from grids.permissions import Permission
from grids.scope import within

from ..codes import Sex
from ..encryption import EncryptedTextField, blind_index
from ..id_numbers import mask as mask_id_number
from ..managers import GuardedManager, GuardedQuerySet
from ..names import mask_name
from .characters import Characters
from .feeds import Batch


class HouseholdQuerySet(GuardedQuerySet["Household"]):
    def visible_to(self, user: User, permission: Permission = Permission.SEE_YOUTHS) -> "HouseholdQuerySet":
        members = Resident.objects.visible_to(user, permission).filter(household=OuterRef("pk"))
        return self._granted().filter(Exists(members))


class Household(models.Model):
    """户: people living as one family; each member carries the relation to its head (GB/T 4761)."""

    number = models.CharField("户号", max_length=18, unique=True, db_collation="C")
    note = EncryptedTextField("备注", purpose="household_note", null=True, blank=True)
    history = HistoricalRecords(verbose_name="户变更")

    objects = GuardedManager.from_queryset(HouseholdQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "户"

    def __str__(self) -> str:
        return self.number


class ResidentQuerySet(GuardedQuerySet["Resident"]):
    def visible_to(self, user: User, permission: Permission = Permission.SEARCH_PEOPLE) -> "ResidentQuerySet":
        """Residents whose current dwelling lies where the user holds the permission."""
        here = within("residences__dwelling__grid_id", user.prefixes(permission))
        return self._granted().filter(here, residences__ends_on=None)

    def with_id_number(self, number: str) -> "ResidentQuerySet":
        return self.filter(id_number_index=id_number_index(number))


def id_number_index(number: str) -> bytes:
    """The blind index of a checked ID number (upper-case X)."""
    return blind_index(number, "id_number")


def phone_index(phone: str) -> bytes:
    """The blind index of a phone number: spaces and dashes do not make another number."""
    return blind_index("".join(phone.replace("-", "").split()), "phone")


class Resident(models.Model):
    """实有人口: anyone who lives, or has lived, in the city, wherever the 户籍 is. 无户籍 is a need, not an error."""

    person_number = models.CharField("人员编号", max_length=30, unique=True, null=True, db_collation="C")
    id_number = EncryptedTextField("公民身份号码", purpose="id_number", null=True)
    id_number_index = models.BinaryField(max_length=32, null=True)
    name = models.CharField("姓名", max_length=50)
    pinyin = models.CharField(max_length=200, db_collation="C", blank=True)
    initials = models.CharField(max_length=50, db_collation="C", blank=True)
    sex = models.CharField("性别", max_length=1, choices=Sex.choices, default=Sex.UNKNOWN)
    birth_on = models.DateField("出生日期")
    hukou_code = models.CharField("户籍地", max_length=12, blank=True, db_collation="C")
    hukou_is_rural = models.BooleanField("农村户籍", null=True)
    household = models.ForeignKey(
        Household, models.SET_NULL, null=True, related_name="members", verbose_name="户"
    )
    relation = models.CharField("与户主关系", max_length=2, blank=True)
    phone = EncryptedTextField("联系方式", purpose="phone", null=True)
    phone_index = models.BinaryField(max_length=32, null=True)
    batch = models.ForeignKey(
        Batch, models.PROTECT, null=True, related_name="+", verbose_name="批次", db_index=False
    )

    objects = GuardedManager.from_queryset(ResidentQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "实有人口"
        constraints = [
            models.UniqueConstraint(
                fields=["id_number_index"],
                name="resident_one_per_id_number",
                violation_error_message="这个证件号码已登记",
            ),
            models.CheckConstraint(
                condition=Q(id_number=None, id_number_index=None)
                | Q(id_number__isnull=False, id_number_index__isnull=False),
                name="resident_id_number_has_index",
            ),
            models.CheckConstraint(
                condition=Q(person_number__isnull=False) | Q(id_number_index__isnull=False),
                name="resident_has_a_key",
                violation_error_message="证件号码和人员编号至少要有一个",
            ),
        ]
        indexes = [
            GinIndex(Characters("name"), name="resident_name_characters"),
            models.Index(fields=["pinyin"], name="resident_by_pinyin"),
            models.Index(fields=["initials"], name="resident_by_initials"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="resident_of_batch"),
        ]

    def __str__(self) -> str:
        return self.masked_name

    @property
    def masked_name(self) -> str:
        return mask_name(self.name)

    @property
    def masked_id_number(self) -> str:
        return mask_id_number(self.id_number) if self.id_number else "无证件号码"

    @property
    def masked_phone(self) -> str:
        """138****1234; "" when none is known."""
        phone = self.phone or ""
        return (
            f"{phone[:3]}{'*' * max(0, len(phone) - 7)}{phone[-4:]}" if len(phone) > 7 else "*" * len(phone)
        )
