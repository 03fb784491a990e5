"""The feeds' desk 数据 `/feeds/`: what each department owes, what waits, uploads and batches, and what came of them."""

from typing import Any
from uuid import UUID

import structlog
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from grids.models import User
from grids.models.staff import acting_user
from grids.paging import read_page
from grids.permissions import Permission, requires

from .. import exports, feed_desk, feed_files
from ..feed_calendar import calendar
from ..feed_report import Report
from ..feeds import undo as undoing
from ..forms.feeds import DeclineForm, UploadForm
from ..forms.fields import key_of
from ..marks import stamped
from ..models import Batch, Export, Upload
from ..models.uploads import CITY
from .exports import refused

logger = structlog.get_logger(__name__)

_DESK = (Permission.LOAD_FEEDS, Permission.APPROVE_FEEDS)
_WITH_PEOPLE = ("source", "loaded_by", "ordered_by", "approved_by", "ended_by", "batch")


@requires(*_DESK)
@require_safe
def feeds(request: HttpRequest) -> HttpResponse:
    user = acting_user(request.user)
    batches = Batch.objects.select_related("source", "loaded_by", "approved_by")
    page = read_page(batches, request.GET, "created_at", descending=True)
    waiting = (
        Upload.objects.visible_to(user).on_the_desk().select_related(*_WITH_PEOPLE).order_by("queued_at")
    )
    context = {"page": page, "calendar": calendar(), "waiting": waiting, "today": timezone.localdate()}
    return render(request, "registry/feeds/feeds.html", context)


@requires(Permission.LOAD_FEEDS)
def feed_new(request: HttpRequest) -> HttpResponse:
    user = acting_user(request.user)
    key = key_of(request.POST)
    if key and (first := Upload.objects.filter(submission_key=key, loaded_by=user).first()):
        return redirect("upload", first.pk)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and (upload := _store(form, user)):
        return redirect("upload", upload.pk)
    return render(request, "registry/feeds/new.html", {"form": form}, status=422 if form.errors else 200)


def _store(form: UploadForm, user: User) -> Upload | None:
    given = form.cleaned_data
    source, kind = given["feed"]
    try:
        return feed_desk.store(
            source=source,
            kind=kind,
            mode=given["mode"],
            as_of=given["as_of"],
            file=given["file"],
            by=user,
            submission_key=given["submission_key"],
        )
    except feed_desk.Refused as refusal:
        form.refuse("feed", str(refusal))
        return None


def _upload(user: User, upload_id: UUID) -> Upload:
    mine = Upload.objects.visible_to(user).select_related(*_WITH_PEOPLE)
    return get_object_or_404(mine, pk=upload_id)


@requires(*_DESK)
@require_safe
def upload(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """How an upload stands. While it is worked on, the page asks for itself again; without a script by a link."""
    user = acting_user(request.user)
    found = _upload(user, upload_id)
    context: dict[str, Any] = {
        "upload": found,
        "standing": feed_desk.standing(found),
        "report": Report(found.report),
        "may_apply": user.may(Permission.LOAD_FEEDS),
        "may_approve": user.may(Permission.APPROVE_FEEDS)
        and user.pk not in (found.loaded_by_id, found.ordered_by_id),
        "may_see_rows": _sees_rows(user, found.loaded_by_id),
    }
    return render(request, "registry/feeds/upload.html", context)


@requires(Permission.LOAD_FEEDS)
@require_POST
def upload_apply(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _upload(user, upload_id)
    try:
        feed_desk.order_apply(found, by=user)
    except feed_desk.Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect("upload", found.pk)


@requires(Permission.APPROVE_FEEDS)
@require_POST
def upload_approve(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _upload(user, upload_id)
    try:
        feed_desk.approve(found, by=user)
    except feed_desk.Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect("upload", found.pk)


@requires(*_DESK)
@require_POST
def upload_restart(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    found = _upload(acting_user(request.user), upload_id)
    try:
        feed_desk.restart(found)
    except feed_desk.Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect("upload", found.pk)


@requires(*_DESK)
def upload_decline(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _upload(user, upload_id)
    form = DeclineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            feed_desk.decline(found, reason=form.cleaned_data["reason"], by=user)
        except feed_desk.Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, f"没有采用{found}，文件已删除，数据没有改变。")
        return redirect("upload", found.pk)
    context = {"upload": found, "form": form}
    return render(request, "registry/feeds/decline.html", context, status=422 if form.errors else 200)


# --- Batches


@requires(*_DESK)
@require_safe
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    rows = Batch.objects.select_related("source", "loaded_by", "approved_by", "undone_by")
    found = get_object_or_404(rows, pk=batch_id)
    context = {
        "batch": found,
        "report": Report(found.counts),
        "upload": Upload.objects.visible_to(user).filter(batch=found).first(),
        "may_undo": found.state == Batch.State.APPLIED and _may_undo(user, found),
        "may_see_rows": _sees_rows(user, found.loaded_by_id) and feed_files.errors_path(found.pk).is_file(),
    }
    return render(request, "registry/feeds/batch.html", context)


@requires(Permission.LOAD_FEEDS)
def batch_undo(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = get_object_or_404(Batch.objects.select_related("source"), pk=batch_id)
    if not _may_undo(user, found):
        raise Http404
    if request.method == "POST":
        try:
            undoing.undo(found, by=user)
        except undoing.CannotUndo as refusal:
            messages.error(request, f"没有撤销：{refusal}。")
        else:
            messages.success(request, f"已撤销{found.source}{found.as_of}的批次，数据回到加载以前。")
        return redirect("batch", found.pk)
    return render(request, "registry/feeds/undo.html", {"batch": found, "report": Report(found.counts)})


def _may_undo(user: User, batch: Batch) -> bool:
    """Whoever loaded it, and those who load for the whole city."""
    return batch.loaded_by_id == user.pk or user.may_in(Permission.LOAD_FEEDS, CITY)


# --- The rows that were refused, whole: for those who load, of their own files or for the whole city


def _sees_rows(user: User, loaded_by: int | None) -> bool:
    return user.may(Permission.LOAD_FEEDS) and (
        loaded_by == user.pk or user.may_in(Permission.LOAD_FEEDS, CITY)
    )


@requires(Permission.LOAD_FEEDS)
@require_safe
def upload_errors(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _upload(user, upload_id)
    return _sheet(request, user, found.errors_id, rows=Report(found.report).rejected)


@requires(Permission.LOAD_FEEDS)
@require_safe
def batch_errors(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = get_object_or_404(Batch, pk=batch_id)
    if not _sees_rows(user, found.loaded_by_id):
        raise Http404
    return _sheet(request, user, found.pk, rows=Report(found.counts).rejected)


@transaction.atomic
def _sheet(request: HttpRequest, user: User, name: UUID | None, *, rows: int) -> HttpResponse:
    """The sheet of this name, which is never taken from the address, marked for the taker; 404 when it is gone."""
    path = feed_files.errors_path(name) if name else None
    if path is None or not path.is_file():
        raise Http404
    try:
        export = exports.begin(kind=Export.Kind.ERRORS, rows=rows, by=user)
    except exports.Capped as capped:
        transaction.set_rollback(True)
        return refused(request, capped, back=reverse("feeds"))
    logger.info("errors sheet taken", by=user.pk, sheet=str(name))
    return exports.download(stamped(path, export.token, word="原因"), "差错")
