"""Enrolments 类别认定: a youth in a category, for a period, on evidence, with a review date and a way out."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from grids.models import User

from ..encryption import EncryptedTextField
from ..managers import GuardedManager, GuardedQuerySet
from ..reasons import knows_reasons, knows_reasons_of
from .categories import Category
from .youths import Youth


class EnrolmentQuerySet(GuardedQuerySet["Enrolment"]):
    scope_field = "youth__grid_id"

    def open(self) -> "EnrolmentQuerySet":
        return self.filter(ends_on=None)

    def known_to(self, user: User, youth: Youth) -> "EnrolmentQuerySet":
        """The enrolments of one youth whose reason this person's post is to know: to add, review and end them."""
        return self if knows_reasons(user, youth.grid_id) else self.filter(category__is_private=False)

    def readable_by(self, user: User, youth: Youth) -> "EnrolmentQuerySet":
        """Those whose reason this person may read, by post or by a grant 临时授权 (registry/reasons.py)."""
        return self if knows_reasons_of(user, youth) else self.filter(category__is_private=False)


class Enrolment(models.Model):
    """类别认定. Ending is a recorded act with a reason; the database refuses deletion (migration 0003)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    youth = models.ForeignKey(Youth, models.PROTECT, related_name="enrolments", verbose_name="青少年档案")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name="类别")
    starts_on = models.DateField("起始日期", default=timezone.localdate)
    ends_on = models.DateField("终止日期", null=True)
    evidence = EncryptedTextField("认定依据", purpose="enrolment_evidence")
    clause = models.CharField("依据条款", max_length=200)
    verified_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="核实人")
    review_on = models.DateField("复核日期")
    # What was seen when the category was last looked at again and still held.
    review_note = EncryptedTextField("复核情况", purpose="enrolment_review_note", null=True, blank=True)
    end_reason = EncryptedTextField("终止原因", purpose="enrolment_end_reason", null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="终止人")
    submission_key = models.UUIDField(null=True, unique=True)
    history = HistoricalRecords(verbose_name="类别认定变更", excluded_fields=["submission_key"])

    objects = GuardedManager.from_queryset(EnrolmentQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "类别认定"
        ordering = ["-starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["youth", "category"],
                condition=Q(ends_on=None),
                name="enrolment_one_open_per_category",
                violation_error_message="这个类别已经认定，不必重复添加",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None, end_reason=None, ended_by=None)
                | Q(ends_on__isnull=False, ends_on__gte=models.F("starts_on"), end_reason__isnull=False),
                name="enrolment_ends_with_reason",
                violation_error_message="终止类别必须写明原因，终止日期不能早于起始日期",
            ),
            models.CheckConstraint(
                condition=~Q(clause=""),  # and `evidence` is never NULL, which "" would be
                name="enrolment_has_clause",
                violation_error_message="认定必须写明条款",
            ),
        ]
