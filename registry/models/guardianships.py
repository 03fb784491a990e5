"""Guardianships 监护关系: who looks after a resident, how they are kin, and where the guardian is."""

from django.db import models
from django.db.models import F, Q

from ..codes import GuardianshipKind, GuardianStatus
from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from .feeds import Batch, Source
from .residents import Resident


class GuardianshipQuerySet(GuardedQuerySet["Guardianship"]):
    scope_field = "resident__youth__grid_id"

    def current(self) -> "GuardianshipQuerySet":
        return self.filter(ends_on=None)


class Guardianship(models.Model):
    """监护关系: resident × guardian × relation × period, with the whereabouts of the guardian (监护人状况)."""

    resident = models.ForeignKey(
        Resident, models.PROTECT, related_name="guardianships", verbose_name="被监护人"
    )
    guardian = models.ForeignKey(
        Resident,
        models.SET_NULL,
        null=True,
        related_name="wards",
        verbose_name="监护人",
    )
    guardian_name = models.CharField("监护人姓名", max_length=50)
    guardian_id_number = EncryptedTextField("监护人身份号码", purpose="guardian_id_number", null=True)
    guardian_id_number_index = models.BinaryField(max_length=32, null=True)
    relation = models.CharField("与被监护人关系", max_length=2)
    kind = models.CharField("监护类型", max_length=10, choices=GuardianshipKind.choices, blank=True)
    status = models.CharField("监护人状况", max_length=20, choices=GuardianStatus.choices)
    destination_code = models.CharField("去向", max_length=6, blank=True, db_collation="C")
    starts_on = models.DateField("起始日期")
    ends_on = models.DateField("终止日期", null=True)
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, related_name="+", verbose_name="来源", db_index=False
    )
    batch = models.ForeignKey(
        Batch, models.PROTECT, null=True, related_name="+", verbose_name="批次", db_index=False
    )

    objects = GuardedManager.from_queryset(GuardianshipQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "监护关系"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="guardianship_ends_after_start",
            ),
        ]
        indexes = [
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="guardianship_of_batch")
        ]
