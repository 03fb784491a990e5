"""Moves 迁移: changes of a resident's current residence."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from grids.models import Grid, User
from grids.permissions import Permission
from grids.scope import within

from ..codes import MoveKind
from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from .dwellings import Dwelling
from .feeds import Batch, Source
from .residents import Resident


class MoveQuerySet(GuardedQuerySet["Move"]):
    def visible_to(self, user: User, permission: Permission = Permission.SEARCH_PEOPLE) -> "MoveQuerySet":
        """Moves that left or reached the areas where the user holds the permission."""
        prefixes = user.prefixes(permission)
        return self._granted().filter(within("from_grid_id", prefixes) | within("to_grid_id", prefixes))


class Move(models.Model):
    """迁移: in 迁入, out 迁出, within 市内; by a feed or filed by a worker. `moved_on` is the day it took effect.

    A correction of a wrong row changes the move that it corrects (`corrected_at`), it is not a second move; a move
    that the correction shows never took place is `voided_at`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    resident = models.ForeignKey(
        Resident, models.PROTECT, related_name="moves", verbose_name="居民", db_index=False
    )
    kind = models.CharField("方向", max_length=6, choices=MoveKind.choices)
    # What whole files name is looked up by a trigger for the statement, not row by row (migration 0023).
    from_dwelling = models.ForeignKey(
        Dwelling,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="原住址",
        db_constraint=False,
        db_index=False,
    )
    to_dwelling = models.ForeignKey(
        Dwelling,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="新住址",
        db_constraint=False,
        db_index=False,
    )
    from_grid = models.ForeignKey(
        Grid,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="原网格",
        db_constraint=False,
        db_index=False,
    )
    to_grid = models.ForeignKey(
        Grid,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="新网格",
        db_constraint=False,
        db_index=False,
    )
    destination_code = models.CharField("迁往地", max_length=6, blank=True, db_collation="C")
    moved_on = models.DateField("迁移日期")
    recorded_at = models.DateTimeField("登记时间", default=timezone.now, db_default=Now())
    source = models.ForeignKey(
        Source,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="来源",
        db_constraint=False,
        db_index=False,
    )
    batch = models.ForeignKey(
        Batch,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="批次",
        db_constraint=False,
        db_index=False,
    )
    reported_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="报告人", db_index=False
    )
    note = EncryptedTextField("说明", purpose="move_note", null=True, blank=True)
    corrected_at = models.DateTimeField("更正时间", null=True)
    voided_at = models.DateTimeField("作废时间", null=True)
    submission_key = models.UUIDField(null=True)

    objects = GuardedManager.from_queryset(MoveQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "迁移"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="in", from_dwelling=None, to_dwelling__isnull=False)
                | Q(kind="out", from_dwelling__isnull=False, to_dwelling=None)
                | Q(
                    kind="within",
                    from_dwelling__isnull=False,
                    to_dwelling__isnull=False,
                )
                & ~Q(from_dwelling=F("to_dwelling")),
                name="move_kind_fits_ends",
            ),
            models.UniqueConstraint(
                fields=["submission_key"],
                condition=Q(submission_key__isnull=False),
                name="move_filed_once",
            ),
        ]
        # Of grids and residents these are the indexes of the foreign keys as well: a night writes 50,000 rows.
        indexes = [
            models.Index(fields=["to_grid", "moved_on"], name="move_into_grid"),
            models.Index(fields=["from_grid", "moved_on"], name="move_out_of_grid"),
            models.Index(fields=["resident", "moved_on"], name="move_of_resident"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="move_of_batch"),
        ]
