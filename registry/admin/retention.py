"""What the retention policy did, night by night: numbers, for reading."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join

from grids.administration import ManagedAdmin
from grids.permissions import Permission

from ..models import RetentionRun
from ..retention import LABELS


@admin.register(RetentionRun)
class RetentionRunAdmin(ManagedAdmin):
    manages = Permission.MANAGE_PLACES
    may_add = may_change = False
    fields = ["today", "started_at", "ended_at", "by", "result"]
    readonly_fields = ["result"]
    list_display = ["started_at", "today", "ended_at", "by", "result"]
    list_select_related = ["by"]
    date_hierarchy = "today"

    @admin.display(description="处理了多少")
    def result(self, run: RetentionRun) -> Any:
        shown = [(LABELS.get(key, key), number) for key, number in run.counts.items()]
        return format_html_join("；", "{} {}", shown) or "没有到期的数据"
