"""Residences 居住记录: who lived where from when to when; the current one decides who is responsible."""

from django.db import models
from django.db.models import F, Q

from ..managers import GuardedManager, GuardedQuerySet
from .dwellings import Dwelling
from .feeds import Batch, Source
from .residents import Resident


class ResidenceQuerySet(GuardedQuerySet["Residence"]):
    scope_field = "dwelling__grid_id"

    def current(self) -> "ResidenceQuerySet":
        return self.filter(ends_on=None)


class Residence(models.Model):
    """居住记录: resident × dwelling × [starts_on, ends_on). At most one current; periods of a person never overlap

    (partial unique index, and the statement trigger of migration 0003).
    """

    resident = models.ForeignKey(
        Resident, models.PROTECT, related_name="residences", verbose_name="居民", db_index=False
    )
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="residences", verbose_name="房屋")
    starts_on = models.DateField("起始日期")
    ends_on = models.DateField("终止日期", null=True)
    # Checked for the whole statement by a trigger: a night's rows all name the same two (migration 0023).
    source = models.ForeignKey(
        Source,
        models.PROTECT,
        null=True,
        db_constraint=False,
        related_name="+",
        verbose_name="来源",
        db_index=False,
    )
    batch = models.ForeignKey(
        Batch,
        models.PROTECT,
        null=True,
        db_constraint=False,
        related_name="+",
        verbose_name="批次",
        db_index=False,
    )

    objects = GuardedManager.from_queryset(ResidenceQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "居住记录"
        constraints = [
            models.UniqueConstraint(
                fields=["resident"],
                condition=Q(ends_on=None),
                name="residence_one_current",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="residence_ends_after_start",
            ),
        ]
        indexes = [
            models.Index(fields=["resident", "starts_on"], name="residence_of_resident"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="residence_of_batch"),
        ]
