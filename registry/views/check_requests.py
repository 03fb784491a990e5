"""Check requests 校核 `/feeds/checks/`: what departments were asked, the sheet to send, and their answers."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from grids.models.staff import acting_user
from grids.paging import read_page
from grids.permissions import Permission, requires

from .. import check_requests as verbs
from .. import disclosures, readings
from ..check_sheet import MOST_ROWS, check_sheet
from ..exports import Capped, begin, download
from ..forms.feeds import AnswerForm, CheckFilter
from ..holding import Refused
from ..models import CheckRequest, Export, Reading, Source
from ..snapshots import snapshot
from .exports import refused


@requires(Permission.LOAD_FEEDS)
@require_safe
@snapshot(recorded=True)
def checks(request: HttpRequest) -> HttpResponse:
    mine = CheckRequest.objects.visible_to(acting_user(request.user), Permission.LOAD_FEEDS)
    form = CheckFilter(request.GET)
    if not form.is_valid():
        return render(request, "registry/feeds/checks.html", {"form": form}, status=422)
    done = form.cleaned_data["state"] == "done"
    listed = form.listed(mine)
    page = read_page(
        listed.select_related("youth__grid__community", "source", "by", "answered_by"),
        request.GET,
        "answered_at" if done else "due_on",
        descending=done,
        among=mine,
    )
    per_source = mine.open().order_by().values_list("source", "source__name").annotate(Count("pk"))
    named = [row.youth_id for row in page.rows]
    readings.record(request, what=Reading.Subject.YOUTH, ids=named, purpose="数据校核")
    context = {
        "form": form,
        "page": page,
        "count": listed.count(),
        "done": done,
        "per_source": sorted(per_source, key=lambda row: -row[2]),
        "labels": verbs.LABELS,
    }
    return render(request, "registry/feeds/checks.html", context)


@requires(Permission.LOAD_FEEDS)
@transaction.atomic
def check(request: HttpRequest, check_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    mine = CheckRequest.objects.visible_to(user, Permission.LOAD_FEEDS)
    found: CheckRequest = get_object_or_404(
        mine.select_related("youth__grid__community", "source", "by", "answered_by", "correction"),
        pk=check_id,
    )
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            verbs.answer(found, state=given["state"], note=given["note"], by=user)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, f"已登记{found.source}的答复，并告知提出人{found.by.name}。")
        return redirect("checks")
    readings.record(request, what=Reading.Subject.YOUTH, ids=[found.youth_id], purpose="数据校核")
    context = {"check": found, "form": form, "label": verbs.LABELS[found.field]}
    return render(request, "registry/feeds/check.html", context, status=422 if form.errors else 200)


@requires(Permission.LOAD_FEEDS)
@require_POST
@transaction.atomic
def checks_sheet(request: HttpRequest) -> HttpResponse:
    """The open requests to one source as a sheet to send."""
    user = acting_user(request.user)
    source = get_object_or_404(Source, pk=request.POST.get("source", ""))
    mine = CheckRequest.objects.visible_to(user, Permission.LOAD_FEEDS).open().filter(source=source)
    rows = list(mine.select_related("youth__resident")[:MOST_ROWS])
    reading = readings.record(
        request, what=Reading.Subject.YOUTH, ids=[row.youth_id for row in rows], purpose=f"提请{source}校核"
    )
    disclosures.of_check_sheet(source, rows, by=user)
    try:
        export = begin(kind=Export.Kind.CHECKS, rows=len(rows), by=user, reading_id=reading.pk)
    except Capped as capped:
        transaction.set_rollback(True)
        return refused(request, capped, back=reverse("checks"))
    return download(check_sheet(source, rows, export), f"数据校核_{source.name}")
