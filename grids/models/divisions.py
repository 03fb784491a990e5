"""Places: the statistical division tree of the city, its grids, and the counties of the country."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Left, Length
from simple_history.models import HistoricalRecords

digits = RegexValidator(r"^[0-9]+$", "编码只能是数字")

models.CharField.register_lookup(Length)


class Division(models.Model):
    """行政区划: a node of the tree city → district → street → community; the code's prefix is its parent."""

    class Level(models.TextChoices):
        CITY = "city", "市"
        DISTRICT = "district", "区县"
        STREET = "street", "街道（乡镇）"
        COMMUNITY = "community", "社区（村）"

    code = models.CharField("编码", max_length=12, primary_key=True, db_collation="C", validators=[digits])
    name = models.CharField("名称", max_length=100)
    level = models.CharField("层级", max_length=10, choices=Level.choices)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="上级",
        related_name="children",
    )
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="撤并后为",
        related_name="+",
    )

    class Meta:
        verbose_name = verbose_name_plural = "行政区划"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(level="city", code__length=4)
                | Q(level="district", code__length=6)
                | Q(level="street", code__length=9)
                | Q(level="community", code__length=12),
                name="division_code_fits_level",
                violation_error_message="编码位数与层级不符：市 4 位、区县 6 位、街道 9 位、社区 12 位",
            ),
            models.CheckConstraint(
                condition=Q(level="city", parent=None)
                | Q(level="district", parent_id=Left("code", 4))
                | Q(level="street", parent_id=Left("code", 6))
                | Q(level="community", parent_id=Left("code", 9)),
                name="division_parent_is_prefix",
                violation_error_message="上级必须是编码的前几位",
            ),
        ]

    def __str__(self) -> str:
        return self.short_name

    @property
    def short_name(self) -> str:
        """As people say it: 华强社区 for 华强社区居民委员会, 沈南村 for 沈南村委会, 天城村 for 天城村村民委员会."""
        for ending, kept in (("居民委员会", ""), ("居委会", ""), ("村民委员会", "村"), ("村委会", "村")):
            if self.name.endswith(ending):
                stem = self.name.removesuffix(ending)
                return stem if stem.endswith("村") else stem + kept
        return self.name


class Grid(models.Model):
    """网格: the smallest cell of responsibility; its code is the community's code plus three digits."""

    code = models.CharField(
        "网格编号",
        max_length=15,
        primary_key=True,
        db_collation="C",
        validators=[digits],
    )
    name = models.CharField("网格名称", max_length=100)
    community = models.ForeignKey(
        Division, models.PROTECT, verbose_name="所属社区（村）", related_name="grids"
    )
    retired_on = models.DateField("停用日期", null=True, blank=True)
    history = HistoricalRecords(verbose_name="网格变更")

    class Meta:
        verbose_name = verbose_name_plural = "网格"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(code__length=15) & Q(community_id=Left("code", 12)),
                name="grid_code_extends_community",
                violation_error_message="网格编号应为所属社区编码加 3 位数字",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def full_name(self) -> str:
        """With its community, for people of another one: 华强社区第一网格 (every community has a 第一网格)."""
        return f"{self.community.short_name}{self.name}"


class County(models.Model):
    """全国区划: provinces, cities and counties of China, for destinations of moves and places of 户籍."""

    class Level(models.TextChoices):
        PROVINCE = "province", "省"
        CITY = "city", "市"
        DISTRICT = "district", "县（区）"

    code = models.CharField("编码", max_length=6, primary_key=True, db_collation="C")
    name = models.CharField("名称", max_length=100)
    level = models.CharField("层级", max_length=10, choices=Level.choices)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="上级",
        related_name="+",
    )

    class Meta:
        verbose_name = verbose_name_plural = "全国区划"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name
