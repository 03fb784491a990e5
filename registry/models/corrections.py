"""Corrections 更正: what a worker changed of the person behind a file, field by field, before and after."""

import json
import uuid

from django.db import models
from django.utils import timezone

from grids.models import User

from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from .youths import Youth


class CorrectionQuerySet(GuardedQuerySet["Correction"]):
    scope_field = "youth__grid_id"


class Correction(models.Model):
    """更正. Residents come by the million from feeds and have no history of their own; what a person changes of one

    is kept here, as one row an act. `changes` is encrypted, since a phone number may be among it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    youth = models.ForeignKey(Youth, models.PROTECT, related_name="corrections", verbose_name="青少年档案")
    changes_json = EncryptedTextField("更正内容", purpose="correction_changes")
    reason = EncryptedTextField("依据", purpose="correction_reason")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="更正人")
    created_at = models.DateTimeField("更正时间", default=timezone.now)
    submission_key = models.UUIDField(null=True, unique=True)

    objects = GuardedManager.from_queryset(CorrectionQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "更正"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["youth", "-created_at"], name="correction_of_youth")]

    def __str__(self) -> str:
        return f"更正 {timezone.localdate(self.created_at)}"

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """[(field, before, after)]: the field's code, and both values as the page shows them."""
        return [(field, before, after) for field, before, after in json.loads(self.changes_json)]

    @changes.setter
    def changes(self, rows: list[tuple[str, str, str]]) -> None:
        self.changes_json = json.dumps(rows, ensure_ascii=False)
