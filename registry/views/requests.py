"""Requests 个人信息请求 `/requests/`: taken in, listed the most urgent first, answered, and the sheet to hand over."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from grids.models import User
from grids.models.staff import acting_user
from grids.paging import read_page
from grids.permissions import Permission, requires

from .. import readings
from .. import requests as verbs
from ..forms.requests import AnswerForm, FindPersonForm, RequestFilter, RequestForm, SheetForm
from ..holding import Refused
from ..models import PersonRequest, Reading, Youth
from ..public_ids import public_id
from ..request_sheet import parts_of, texts_of
from ..retention_policy import policy, term
from ..snapshots import snapshot

_ABOUT = ("resident__youth__grid__community", "grid__community", "received_by", "answered_by")
_SHEETS = (PersonRequest.Kind.SEE, PersonRequest.Kind.COPY)


@never_cache
@require_safe
@requires(Permission.RECEIVE_REQUESTS)
@snapshot(recorded=True)
def person_requests(request: HttpRequest) -> HttpResponse:
    mine = PersonRequest.objects.visible_to(acting_user(request.user))
    form = RequestFilter(request.GET)
    if not form.is_valid():
        context = {"form": form, "answer": term("answer")}
        return render(request, "registry/requests/list.html", context, status=422)
    is_done = form.cleaned_data["state"] == "done"
    listed = form.listed(mine)
    page = read_page(
        listed.select_related(*_ABOUT),
        request.GET,
        "answered_on" if is_done else "due_on",
        descending=is_done,
        among=mine,
    )
    _record(request, page.rows, "个人信息请求")
    context = {
        "form": form,
        "page": page,
        "count": listed.count(),
        "done": is_done,
        "answer": term("answer"),
    }
    return render(request, "registry/requests/list.html", context)


@never_cache
@requires(Permission.RECEIVE_REQUESTS)
def request_new(request: HttpRequest) -> HttpResponse:
    """First the number, then, with the person found, the request; from a file the person is known already."""
    user = acting_user(request.user)
    if request.method == "POST" and request.POST.get("step") == "receive":
        form: FindPersonForm = RequestForm(request.POST, user=user)
        if form.is_valid() and (made := _received(form)):
            messages.success(request, f"已登记，{made.due_on} 前书面答复申请人。")
            return redirect("request", made.pk)
    elif request.method == "POST":
        form = FindPersonForm(request.POST, user=user)
        if form.is_valid() and form.resident is not None:
            form = _of_person(user, form.resident.pk)
    elif "youth" in request.GET:
        form = _of_person(user, _file_in_scope(user, request.GET["youth"]).resident_id)
    else:
        form = FindPersonForm(user=user)
    if form.resident is not None:
        readings.record(
            request, what=Reading.Subject.RESIDENT, ids=[form.resident.pk], purpose="登记个人信息请求"
        )
    status = 422 if form.is_bound and form.errors else 200
    context = {"form": form, "answer": term("answer")}
    return render(request, "registry/requests/new.html", context, status=status)


def _of_person(user: User, resident_id: int) -> RequestForm:
    """The form about somebody who was found, with the id that stands for a number nobody need type again."""
    form = RequestForm(user=user, initial={"number": str(public_id("resident", resident_id))})
    form.resident = form.in_scope(pk=resident_id)
    return form


def _file_in_scope(user: User, key: str) -> Youth:
    files = Youth.objects.visible_to(user, Permission.RECEIVE_REQUESTS)
    try:
        return get_object_or_404(files, pk=UUID(key))
    except ValueError:
        raise Http404 from None


def _received(form: FindPersonForm) -> PersonRequest | None:
    given = {name: form.cleaned_data[name] for name in form.cleaned_data if name != "number"}
    assert form.resident is not None, "a valid form has found its person"  # noqa: S101
    try:
        return verbs.receive(resident=form.resident, by=form.user, **given)
    except Refused as refusal:
        form.refuse(refusal.field, str(refusal))
        return None


@never_cache
@require_safe
@requires(Permission.RECEIVE_REQUESTS)
@transaction.atomic
def person_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _in_scope(user, request_id, Permission.RECEIVE_REQUESTS)
    _record(request, [found], "个人信息请求")
    return render(request, "registry/requests/request.html", _context(found, user))


@never_cache
@require_POST
@requires(Permission.ANSWER_REQUESTS)
def request_answer(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _in_scope(user, request_id, Permission.ANSWER_REQUESTS)
    form = AnswerForm(request.POST, erasure=_erasure(found))
    if found.is_open and form.is_valid():
        given = form.cleaned_data
        try:
            answered = verbs.answer(
                found, outcome=given["outcome"], text=given["answer"], done=given["done"],
                erase=given.get("erase", False), by=user,
            )  # fmt: skip
        except Refused as refusal:
            form.refuse(refusal.field, str(refusal))
        except PersonRequest.DoesNotExist:
            raise Http404 from None
        else:
            messages.success(request, f"已答复：{answered.get_outcome_display()}。请把书面答复交给申请人。")
            return redirect("request", found.pk)
    elif not found.is_open:
        messages.warning(request, f"这件请求已由{found.answered_by}于 {found.answered_on} 答复。")
        return redirect("request", found.pk)
    _record(request, [found], "个人信息请求")
    return render(request, "registry/requests/request.html", _context(found, user, form=form), status=422)


@never_cache
@require_safe
@requires(Permission.ANSWER_REQUESTS)
@transaction.atomic
def request_sheet(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """What is held about the person, for handing over: printed from here."""
    user = acting_user(request.user)
    found = _in_scope(user, request_id, Permission.ANSWER_REQUESTS)
    if found.resident is None or found.kind not in _SHEETS:
        raise Http404
    form = SheetForm(request.GET, texts=texts_of(found.resident))
    chosen = form.chosen if form.is_valid() else []
    _record(request, [found], f"个人信息请求：{found.get_kind_display()}清单")
    context = {
        "found": found,
        "form": form,
        "chosen": chosen,
        "parts": parts_of(found.resident),
        "today": timezone.localdate(),
        "handler": policy().handler,
    }
    return render(request, "registry/requests/sheet.html", context, status=200 if form.is_valid() else 422)


def _in_scope(user: User, request_id: UUID, permission: Permission) -> PersonRequest:
    mine = PersonRequest.objects.visible_to(user, permission).select_related(*_ABOUT, "resident__household")
    found: PersonRequest = get_object_or_404(mine, pk=request_id)
    return found


def _record(request: HttpRequest, found: list[PersonRequest], purpose: str) -> None:
    """Of whom these requests are, by the person's own id: it holds for files and for those without one."""
    ids = [each.resident_id for each in found if each.resident_id]
    readings.record(request, what=Reading.Subject.RESIDENT, ids=ids, purpose=purpose)


def _erasure(found: PersonRequest) -> verbs.Erasure | None:
    return verbs.erasure_of(found) if found.is_open and found.kind == PersonRequest.Kind.DELETE else None


def _context(found: PersonRequest, user: User, *, form: AnswerForm | None = None) -> dict[str, Any]:
    erasure = _erasure(found)
    youth: Youth | None = getattr(found.resident, "youth", None) if found.resident else None
    may_answer = user.may_in(Permission.ANSWER_REQUESTS, youth.grid_id if youth else found.grid_id)
    return {
        "found": found,
        "youth": youth,
        "erasure": erasure,
        "may_answer": may_answer,
        "sees_file": youth is not None and user.may_in(Permission.SEE_YOUTHS, youth.grid_id),
        "has_sheet": found.kind in _SHEETS and found.resident is not None,
        "form": form or (AnswerForm(erasure=erasure) if found.is_open and may_answer else None),
    }
