"""The visit form 走访."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from grids.models.staff import acting_user
from grids.permissions import Permission, requires

from .. import visits
from ..forms.visits import VisitForm
from ..holding import Refused
from ..models import Youth
from ..person import look_at
from .held_file import on_open_file


@requires(Permission.SEE_YOUTHS)
def visit_new(request: HttpRequest) -> HttpResponse:
    """`?youth=<id>` says whom; anything else is as missing as a file out of scope."""
    try:
        youth_id = UUID(request.GET.get("youth", ""))
    except ValueError:
        raise Http404 from None
    return _visit(request, youth_id)


@on_open_file(Permission.SEE_YOUTHS)
def _visit(request: HttpRequest, youth: Youth) -> HttpResponse:
    open_needs = list(youth.open_and_closed_needs.open().values_list("kind", flat=True))
    form = VisitForm(request.POST or None, open_needs=open_needs)
    if request.method == "POST" and form.is_valid():
        try:
            visit = visits.record_visit(youth=youth, by=acting_user(request.user), **form.cleaned_data)
        except Refused as refusal:
            form.refuse(refusal.field, str(refusal))
        else:
            messages.success(request, f"已记录 {visit.visited_on} 的走访，下次走访 {visit.next_due_on}。")
            return redirect("youth", youth.pk)
    period = visits.visit_period(youth).days
    planned = visits.next_visit_day(youth, visited_on=timezone.localdate(), met="")
    context = {
        "youth": youth,
        "form": form,
        "look_at": look_at(youth.age),
        "next_help": f"空着：最多隔 {period} 天，今天走访就是 {planned}；没见到人，7 天内再去。",
    }
    return render(request, "registry/visits/new.html", context, status=422 if form.errors else 200)
