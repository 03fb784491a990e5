"""Alerts whose delivery outward failed for good: that it failed, never what it said or about whom."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ..administration import ManagedAdmin
from ..models import Alert
from ..permissions import Permission


@admin.register(Alert)
class AlertAdmin(ManagedAdmin):
    manages = Permission.MANAGE_PLACES
    may_add = may_change = False
    fields = ["kind", "addressee", "created_at", "attempts", "parked_at", "delivered_at"]
    list_display = ["kind", "addressee", "created_at", "attempts", "parked_at"]
    list_filter = ["kind", "parked_at"]
    list_select_related = ["addressee"]
    search_fields = ["addressee__name", "addressee__username"]
    date_hierarchy = "parked_at"
    ordering = ["-parked_at", "id"]
    actions = ["send_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        return super().get_queryset(request).exclude(parked_at=None)

    @admin.action(description="重新发送")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """The sweep takes them up at its next round."""
        count = queryset.update(attempts=0, parked_at=None, next_try_at=timezone.now())
        self.message_user(request, f"已把 {count} 条提醒放回发送队列，半分钟内会再试。")
