"""Facts 事实: what a department states about a resident, for a period, with its source and batch."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from ..codes import Denial, FactKind
from ..managers import GuardedManager, GuardedQuerySet
from .feeds import Batch, Source
from .residents import Resident


class FactQuerySet(GuardedQuerySet["Fact"]):
    scope_field = "resident__youth__grid_id"

    def current(self) -> "FactQuerySet":
        return self.filter(ends_on=None)

    def running(self) -> "FactQuerySet":
        """What holds today; an end that is known may lie ahead."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=timezone.localdate()))


class Fact(models.Model):
    """事实. Never a police, court or special-education record of the young person (预防未成年人犯罪法 art. 59)."""

    resident = models.ForeignKey(Resident, models.PROTECT, related_name="facts", verbose_name="居民")
    kind = models.CharField("事项", max_length=20, choices=[*FactKind.choices, *Denial.choices])
    starts_on = models.DateField("起始日期")
    ends_on = models.DateField("终止日期", null=True)
    unit = models.CharField("单位", max_length=100, blank=True)
    level = models.CharField("等级", max_length=2, blank=True)
    destination_code = models.CharField("去向", max_length=6, blank=True, db_collation="C")
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, related_name="+", verbose_name="来源", db_index=False
    )
    batch = models.ForeignKey(
        Batch, models.PROTECT, null=True, related_name="+", verbose_name="批次", db_index=False
    )

    objects = GuardedManager.from_queryset(FactQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "事实"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="fact_ends_after_start",
            ),
        ]
        indexes = [
            models.Index(fields=["resident", "kind"], name="fact_of_resident"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="fact_of_batch"),
        ]
