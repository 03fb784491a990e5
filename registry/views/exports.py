"""Exports 导出 `/exports/`: one's own of late and what is left for today; a long one while it is made, and its file."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from grids.models.staff import acting_user
from grids.paging import read_page
from grids.permissions import Permission, requires

from ..models import Export

TAKERS = (Permission.EXPORT, Permission.LOAD_FEEDS, Permission.READ_AUDIT)


@never_cache
@require_safe
@requires(*TAKERS)
def exports(request: HttpRequest) -> HttpResponse:
    """One's own; for the auditor everybody's, without a way to the files."""
    user = acting_user(request.user)
    mine = Export.objects.visible_to(user)
    page = read_page(mine.select_related("by"), request.GET, "made_at", descending=True, among=mine)
    context = {
        "page": page,
        "everybody": user.may(Permission.READ_AUDIT),
        "most": settings.EXPORTS_A_DAY,
        "most_rows": settings.EXPORT_ROWS_A_DAY,
        "user_id": user.pk,
    }
    return render(request, "registry/exports/list.html", context)


@never_cache
@require_safe
@requires(Permission.EXPORT)
def export(request: HttpRequest, export_id: UUID) -> HttpResponse:
    return render(request, "registry/exports/export.html", {"export": _own(request, export_id)})


def _own(request: HttpRequest, export_id: UUID) -> Export:
    user = acting_user(request.user)
    own = Export.objects.visible_to(user).filter(by=user).select_related("by")
    found: Export = get_object_or_404(own, pk=export_id)
    return found


@never_cache
@require_safe
@requires(Permission.EXPORT)
def export_file(request: HttpRequest, export_id: UUID) -> Any:
    """The file, for its day and for the post it was made under."""
    found = _own(request, export_id)
    is_over = found.ends_at is None or found.ends_at <= timezone.now()
    if found.state != Export.State.READY or is_over or found.post != acting_user(request.user).label:
        raise Http404
    try:
        file = found.path.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    answer = FileResponse(file, as_attachment=True, filename=f"青少年名单_{found.day:%Y%m%d}.xlsx")
    answer["Cache-Control"] = "no-store, private"
    return answer


def refused(request: HttpRequest, why: Exception, *, back: str) -> HttpResponse:
    """No more for today: why, and the way back."""
    return render(request, "registry/exports/refused.html", {"why": str(why), "back": back}, status=429)
