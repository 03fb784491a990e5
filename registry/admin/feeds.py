"""Sources with the limits of their circuit breaker, and the batches that came, for reading."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join

from grids.administration import ManagedAdmin
from grids.permissions import Permission

from ..models import Batch, Source

# What of a batch's result is a number, with its label.
_COUNTS = {
    "rows": "行数",
    "accepted": "通过",
    "rejected": "退回",
    "unchanged": "无变化",
    "moves_in": "迁入",
    "moves_out": "迁出",
    "moves_within": "市内迁移",
    "handovers": "交接",
    "alerts": "提醒",
    "candidates": "线索",
    "seconds": "用时（秒）",
}


@admin.register(Source)
class SourceAdmin(ManagedAdmin):
    manages = Permission.MANAGE_PLACES
    may_add = False
    fields = ["code", "name", "kinds", "moves_limit", "rejected_limit", "judged_from"]
    readonly_fields = ["code", "kinds"]
    list_display = ["code", "name", "kinds", "moves_limit", "rejected_limit", "judged_from"]
    search_fields = ["code", "name"]


@admin.register(Batch)
class BatchAdmin(ManagedAdmin):
    manages = Permission.MANAGE_PLACES
    may_add = may_change = False
    fields = [
        "source", "kind", "mode", "as_of", "file_name", "state", "loaded_by", "approved_by", "created_at", "result",
    ]  # fmt: skip
    readonly_fields = ["result"]
    list_display = ["created_at", "source", "kind", "mode", "as_of", "state", "loaded_by", "approved_by"]
    list_filter = ["state", "source", "kind"]
    list_select_related = ["source", "loaded_by", "approved_by"]
    search_fields = ["file_name", "source__name"]
    date_hierarchy = "as_of"

    @admin.display(description="结果")
    def result(self, batch: Batch) -> Any:
        shown = [(label, batch.counts[key]) for key, label in _COUNTS.items() if key in batch.counts]
        return format_html_join("；", "{} {}", shown) or "—"
