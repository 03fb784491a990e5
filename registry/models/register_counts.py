"""How many files of each district are alike, for the counts of the whole city: a copy that triggers maintain."""

from typing import Any

from django.db import models
from django.db.models import Q

from grids.scope import within

from .youths import Youth


class RegisterCountQuerySet(models.QuerySet["RegisterCount"]):
    def in_area(self, code: str) -> "RegisterCountQuerySet":
        """The counts of the districts under a city's code."""
        return self.filter(within("district", [code]))


class RegisterCount(models.Model):
    """名册计数: `number` more (or fewer) files of a district with these categories, this state and this due day.

    The sum over alike rows is the number of files. A change of files adds a row (a trigger on registry_youth, migration
    0015) and alters none, so that people who write at one moment never wait for each other; registry/register_counts.py
    puts alike rows together.
    """

    district = models.CharField(max_length=6, db_collation="C")
    state = models.CharField(max_length=10, choices=Youth.State.choices)
    category_mask = models.PositiveSmallIntegerField()
    next_due_on = models.DateField(null=True)
    number = models.IntegerField()

    objects: Any = RegisterCountQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "名册计数"
        constraints = [models.CheckConstraint(condition=~Q(number=0), name="register_count_is_a_change")]
