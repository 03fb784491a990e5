"""Sources with their licence and limits, which of them counts for what, and the batches that came, for reading."""

from types import SimpleNamespace
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join

from grids.administration import ManagedAdmin
from grids.permissions import Permission

from .. import register_row
from ..feeds.columns import FeedKind
from ..models import Batch, FactRank, Schedule, Source

_NOWHERE: Any = SimpleNamespace(kwargs={})
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


class ScheduleInline(admin.TabularInline):
    """How often the source owes each of its kinds."""

    model = Schedule
    fields: ClassVar[Any] = ["kind", "every_days"]
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever may see the source

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Of the kinds of file only those of this source."""
        source = Source.objects.filter(
            pk=(request.resolver_match or _NOWHERE).kwargs.get("object_id")
        ).first()
        if source is not None:
            kwargs["choices"] = [("", "请选择"), *((kind, FeedKind(kind).label) for kind in source.kinds)]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


@admin.register(Source)
class SourceAdmin(ManagedAdmin):
    """Under what licence a department's data come, how often, and when a file is held."""

    manages = Permission.MANAGE_PLACES
    may_add = False
    fields = [
        "code", "name", "department", "kinds", "share", "purpose", "catalogue_number", "licence_ends_on",
        "moves_limit", "rejected_limit", "judged_from",
    ]  # fmt: skip
    readonly_fields = ["code", "kinds"]
    inlines = [ScheduleInline]
    list_display = [
        "code", "name", "department", "share", "catalogue_number", "licence_ends_on", "moves_limit",
        "rejected_limit", "judged_from",
    ]  # fmt: skip
    list_filter = ["share"]
    search_fields = ["code", "name", "department", "catalogue_number"]


@admin.register(FactRank)
class FactRankAdmin(ManagedAdmin):
    """Which department counts where several say different things; list columns follow at once."""

    manages = Permission.MANAGE_PLACES
    fields = ["kind", "source", "rank"]
    list_display = ["kind", "source", "rank"]
    list_filter = ["kind", "source"]
    list_select_related = ["source"]
    search_fields = ["source__name"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        register_row.refresh(None)


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
