"""Categories: the limits that districts and notices differ in. What is private stays private."""

from django.contrib import admin

from grids.administration import ManagedAdmin
from grids.permissions import Permission

from ..models import Category


@admin.register(Category)
class CategoryAdmin(ManagedAdmin):
    manages = Permission.MANAGE_PLACES
    may_add = False
    fields = [
        "code", "name", "short_name", "standard_code", "is_private", "age_min", "age_max", "months", "clause",
        "review_months", "visit_days", "valid_from", "valid_to",
    ]  # fmt: skip
    readonly_fields = ["code", "standard_code", "is_private"]
    list_display = [
        "name", "short_name", "age_min", "age_max", "months", "review_months", "visit_days", "is_private", "valid_to",
    ]  # fmt: skip
    list_filter = ["is_private"]
    search_fields = ["name", "short_name", "code", "clause"]
