"""Searches 查询: posted words kept as a search of the user's, so that no name or number stands in an address."""

import uuid
from typing import Any

from django.db import models
from django.utils import timezone

from grids.models import User

from ..encryption import EncryptedTextField


class Search(models.Model):
    """A search of one user's. `id` is what the URL carries as `s`; `name` is set when the user keeps it.

    `q` (name, pinyin, initials, estate) is encrypted; an ID number is kept as its blind index only. `estate` and
    `door` (3栋2单元) are words of the people-and-housing search: a place, no person.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="searches")
    q = EncryptedTextField(purpose="search_q", null=True)
    id_number_index = models.BinaryField(null=True)
    estate = models.CharField("小区（村组）", max_length=50, blank=True)
    door = models.CharField("楼栋门牌", max_length=50, blank=True)
    name = models.CharField("名称", max_length=50, blank=True)
    params: Any = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "查询"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=~models.Q(name=""),
                name="search_name_once_per_owner",
                violation_error_message="已有同名的常用查询，请换个名称",
            )
        ]
