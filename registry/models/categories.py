"""Categories 类别: the five categories of priority youth as data, with ages, months, clause and review period."""

from django.db import models
from django.db.models import F, Q


class Category(models.Model):
    """One of the five categories 五类重点青少年. Limits are settings; ages are inclusive.

    `bit` is its place in `Youth.category_mask`. The reason of a private one is known only to those who need to know.
    """

    code = models.CharField("代码", max_length=20, primary_key=True, db_collation="C")
    name = models.CharField("名称", max_length=50)
    short_name = models.CharField("简称", max_length=10)
    standard_code = models.CharField("GB/T 31000 人员类型", max_length=2)
    bit = models.PositiveSmallIntegerField("掩码位", unique=True)
    age_min = models.PositiveSmallIntegerField("最小年龄（含）")
    age_max = models.PositiveSmallIntegerField("最大年龄（含）")
    months = models.PositiveSmallIntegerField(
        "持续月数", help_text="状态须持续（或行为须在其内）的月数；0 表示不要求"
    )
    clause = models.CharField("依据条款", max_length=200)
    review_months = models.PositiveSmallIntegerField("复核周期（月）")
    visit_days = models.PositiveSmallIntegerField(
        "走访间隔上限（天）", null=True, blank=True, help_text="空着则按关注等级"
    )
    is_private = models.BooleanField("保密类别", default=False)
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "类别"
        ordering = ["bit"]
        constraints = [
            models.CheckConstraint(
                condition=Q(age_min__lte=F("age_max"), age_max__lte=25),
                name="category_ages_in_order",
                violation_error_message="最小年龄不能大于最大年龄，最大年龄不超过 25 岁",
            ),
            models.CheckConstraint(
                condition=Q(bit__in=[1, 2, 4, 8, 16, 32, 64]),
                name="category_bit_is_one_bit",
                violation_error_message="掩码位只能是 1、2、4、8、16、32、64",
            ),
        ]

    def __str__(self) -> str:
        return self.name
