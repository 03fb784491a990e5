"""Dwellings 房屋: the numbered rooms and houses of a grid."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q

from grids.models import Grid

from ..managers import GuardedManager, GuardedQuerySet
from .characters import Characters
from .feeds import Batch


class DoorOrder(Func):
    """Where a door stands on a walk through its community: 3栋2单元501 before 3栋10单元101, 10栋 after both."""

    function = "door_order"
    output_field = models.TextField(db_collation="C")


class DwellingQuerySet(GuardedQuerySet["Dwelling"]):
    pass


class Dwelling(models.Model):
    """房屋: estate 小区, building 楼栋, unit 单元, room 室; `code` is the department's 房屋编号."""

    code = models.CharField("房屋编号", max_length=50, unique=True, db_collation="C")
    grid = models.ForeignKey(Grid, models.PROTECT, verbose_name="网格", related_name="+")
    estate = models.CharField("小区（村组）", max_length=100, blank=True)
    building = models.CharField("楼栋", max_length=50, blank=True)
    unit = models.CharField("单元", max_length=50, blank=True)
    room = models.CharField("室", max_length=50, blank=True)
    address = models.CharField("房屋地址", max_length=200)
    longitude = models.FloatField("经度", null=True)
    latitude = models.FloatField("纬度", null=True)
    # The database computes it, so that a feed's set-based SQL and a redrawn grid need not think of it.
    door_order = models.GeneratedField(
        expression=DoorOrder(
            F("grid"), *(F(part) for part in ("estate", "building", "unit", "room", "address"))
        ),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
    )
    batch = models.ForeignKey(
        Batch, models.PROTECT, null=True, related_name="+", verbose_name="批次", db_index=False
    )

    objects = GuardedManager.from_queryset(DwellingQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "房屋"
        indexes = [
            models.Index(fields=["door_order", "id"], name="dwelling_in_door_order"),
            GinIndex(Characters("estate"), name="dwelling_estate_characters"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="dwelling_of_batch"),
        ]

    def __str__(self) -> str:
        return self.door or self.address

    @property
    def door(self) -> str:
        """The door as a worker says it: 翠竹园 3栋2单元501."""
        return " ".join(filter(None, [self.estate, f"{self.building}{self.unit}{self.room}"]))
