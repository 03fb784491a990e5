"""Seals 封存: the notices of one's area, a new one, and a reopening by two. None of these pages names a person."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from grids.models import User
from grids.models.staff import acting_user
from grids.permissions import Permission, requires

from .. import readings
from .. import seals as verbs
from ..forms.seals import ReopenForm, SealForm
from ..holding import Refused
from ..models import Reading, Reopening, Seal, Youth
from .held_file import hiding_what_left

A_PAGE = 50


@require_safe
@requires(Permission.SEAL)
def seals(request: HttpRequest) -> HttpResponse:
    """The notices entered for this person's area, the latest first."""
    seen = Seal.objects.visible_to(acting_user(request.user)).select_related("by", "area")
    page = Paginator(seen.prefetch_related("reopenings"), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "registry/seals/list.html", {"page": page})


@requires(Permission.SEAL)
@hiding_what_left
def seal_new(request: HttpRequest) -> HttpResponse:
    """From a person's page: choose, read what will follow, seal. The person stands in no address and in no log."""
    if request.method != "POST":
        messages.info(request, "封存从青少年的档案页开始：打开档案，选“封存”。")
        return redirect("seals")
    user = acting_user(request.user)
    youth = _file_to_seal(request, user)
    step = request.POST.get("step", "")
    form = SealForm(request.POST if step else None, youth=youth, user=user)
    if step == "seal" and form.is_valid() and (made := _seal(form, youth, user)):
        messages.success(request, "已封存。从现在起，这些内容在系统里和从来没有过一样。")
        return redirect("seal", made.pk)
    with transaction.atomic():
        # To whoever looks later this is what it is: the file was looked at. That it was for a seal is in no log.
        readings.record(request, what=Reading.Subject.YOUTH, ids=[youth.pk], purpose="一人一档", page="youth")
        if step == "check" and form.is_valid():
            return render(request, "registry/seals/check.html", {"youth": youth, "form": form})
        status = 422 if form.errors and step != "back" else 200
        return render(request, "registry/seals/new.html", {"youth": youth, "form": form}, status=status)


def _file_to_seal(request: HttpRequest, user: User) -> Youth:
    """The file named in the form, open or closed, in the area where this person seals."""
    try:
        youth_id = UUID(request.POST.get("youth", ""))
    except ValueError:
        raise Http404 from None
    mine = Youth.objects.visible_to(user, Permission.SEAL).select_related("resident")
    found: Youth = get_object_or_404(mine, pk=youth_id)
    return found


def _seal(form: SealForm, youth: Youth, user: User) -> Seal | None:
    try:
        return verbs.seal(
            youth=youth,
            notice=form.notice,
            choice=form.choice,
            by=user,
            submission_key=form.cleaned_data["submission_key"],
        )
    except Refused as refusal:
        form.refuse(refusal.field, str(refusal))
        return None


@requires(Permission.SEAL)
@hiding_what_left
def seal(request: HttpRequest, seal_id: UUID) -> HttpResponse:
    """One notice; and the form by which the first of two asks for its reopening."""
    user = acting_user(request.user)
    shown: Seal = get_object_or_404(Seal.objects.visible_to(user).select_related("by", "area"), pk=seal_id)
    form = ReopenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.ask_to_reopen(sealed=shown, by=user, **form.cleaned_data)
        except Refused as refusal:
            form.refuse(None, str(refusal))
        else:
            messages.success(request, "已申请启封，等另一位有权限的人核准。")
            return redirect("seal", shown.pk)
    asked = list(shown.reopenings.select_related("asked_by", "decided_by"))
    waiting = next((each for each in asked if each.state == Reopening.State.ASKED), None)
    context = {
        "seal": shown,
        "form": form,
        "reopenings": asked,
        "waiting": waiting,
        "is_mine": waiting is not None and waiting.asked_by_id == user.pk,
    }
    status = 422 if form.errors else 200
    return render(request, "registry/seals/seal.html", context, status=status)


@require_POST
@requires(Permission.SEAL)
@hiding_what_left
def seal_decide(request: HttpRequest, seal_id: UUID) -> HttpResponse:
    """The second of two opens the envelope, or does not."""
    user = acting_user(request.user)
    shown = get_object_or_404(Seal.objects.visible_to(user), pk=seal_id)
    waiting: Reopening | None = shown.reopenings.waiting().first()
    if waiting is None:
        messages.info(request, "没有等您核准的启封申请。")
        return redirect("seal", shown.pk)
    try:
        if request.POST.get("step") != "reopen":
            verbs.decline(reopening=waiting, by=user)
            messages.success(request, "没有启封，内容仍然封存。")
            return redirect("seal", shown.pk)
        youth_id = verbs.reopen(reopening=waiting, by=user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("seal", shown.pk)
    messages.success(request, "已启封，内容已放回原来的档案。")
    back = Youth.objects.visible_to(user).filter(pk=youth_id).exists()
    return redirect("youth", youth_id) if back else redirect("seal", shown.pk)
