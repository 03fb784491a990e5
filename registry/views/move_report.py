"""Report a move 报告迁移: a worker says that a youth lives somewhere else now."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from grids.models.staff import acting_user
from grids.permissions import Permission, requires

from ..forms.fields import key_of
from ..forms.moves import MoveForm
from ..models import Youth
from ..moves import MoveRefused, report_move
from .held_file import on_open_file


@requires(Permission.SEE_YOUTHS)
@on_open_file(Permission.SEE_YOUTHS)
def move_report(request: HttpRequest, youth: Youth) -> HttpResponse:
    key = key_of(request.POST)
    # Before any check: what the first sending did is no error of the second.
    if key and youth.resident.moves.filter(submission_key=key).exists():
        return _reported(request, youth)
    home = youth.resident.residences.current().select_related("dwelling__grid__community").first()
    reports = request.method == "POST" and request.POST.get("step") == "report"
    if (
        request.method == "POST" and not reports
    ):  # a choice was made or 查找 pressed: show what follows from it
        form = MoveForm(initial=request.POST.dict(), youth=youth, home=home)
    else:
        form = MoveForm(request.POST if reports else None, youth=youth, home=home)
    if reports and form.is_valid() and _report(form, request, youth):
        return _reported(request, youth)
    context = {"youth": youth, "form": form, "home": home}
    return render(request, "registry/moves/report.html", context, status=422 if form.errors else 200)


def _report(form: MoveForm, request: HttpRequest, youth: Youth) -> bool:
    given = form.cleaned_data
    try:
        report_move(
            resident=youth.resident,
            dwelling=given.get("dwelling"),
            moved_on=given["moved_on"],
            destination_code=given.get("county", ""),
            note=given["note"],
            by=acting_user(request.user),
            submission_key=given["submission_key"],
        )
    except MoveRefused as refusal:
        form.refuse(None, str(refusal))
        return False
    return True


def _reported(request: HttpRequest, youth: Youth) -> HttpResponse:
    messages.success(request, f"已登记{youth.name}的迁移。{_what_follows(youth)}")
    return redirect("youth", youth.pk)


def _what_follows(youth: Youth) -> str:
    handover = youth.handovers.open().select_related("to_grid__community").first()
    if handover is None:
        return "仍在本网格负责范围内，责任不变。"
    if handover.to_grid is None:
        return "已等候外地答复；得到答复前仍由您这里负责。"
    return f"已通知{handover.to_grid.community}{handover.to_grid}接收；对方接收前仍由您这里负责。"
