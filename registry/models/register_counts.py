"""How many files of each district and street are alike, for counts over many files: a copy that triggers maintain."""

from django.db import models
from django.db.models import Q

from .youths import Youth


class RegisterCount(models.Model):
    """名册计数: `number` more (or fewer) files of an area with these categories, this state and this due day.

    Every file is counted twice: in its district (`area` of 6 digits) and in its street (9). The sum over alike rows is
    the number of files. A change of files adds rows (a trigger on registry_youth, migrations 0015 and 0025) and alters
    none, so that people who write at one moment never wait for each other; registry/register_counts.py puts alike rows
    together.
    """

    area = models.CharField(max_length=9, db_collation="C")
    state = models.CharField(max_length=10, choices=Youth.State.choices)
    category_mask = models.PositiveSmallIntegerField()
    next_due_on = models.DateField(null=True)
    number = models.IntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "名册计数"
        constraints = [models.CheckConstraint(condition=~Q(number=0), name="register_count_is_a_change")]
        indexes = [
            models.Index(
                fields=["area"],
                include=["state", "category_mask", "next_due_on", "number"],
                name="register_count_in_area",
            )
        ]
