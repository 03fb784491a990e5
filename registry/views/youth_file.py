"""The person's page 一人一档, its history, and the acts on the file itself: open, verify, correct, grade, close."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from grids.models.staff import acting_user
from grids.permissions import Permission, requires

from .. import corrections, enrolments, parts, readings, youths
from ..forms.fields import SubmissionForm
from ..forms.youths import CloseForm, CorrectForm, FindResidentForm, GradeForm, OpenFileForm
from ..holding import Refused, StaleEdit
from ..models import Correction, Reading, Youth
from ..person import PersonFile
from ..timeline import timeline
from ..visits import verify as verify_file
from .held_file import hiding_what_left, on_open_file, readable_file

EVENTS_A_PAGE = 50


@requires(Permission.SEE_YOUTHS)
@transaction.atomic
def youth(request: HttpRequest, youth_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    person = PersonFile(readable_file(user, youth_id), user)
    readings.record(request, what=Reading.Subject.YOUTH, ids=[youth_id], purpose=person.purpose("一人一档"))
    return render(
        request,
        "registry/youths/file.html",
        {
            "person": person,
            "youth": person.youth,
            "parts": parts.of_person(person),
            "verify_form": SubmissionForm(),
        },
    )


@requires(Permission.SEE_YOUTHS)
@transaction.atomic
def youth_history(request: HttpRequest, youth_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    person = PersonFile(readable_file(user, youth_id), user)
    readings.record(request, what=Reading.Subject.YOUTH, ids=[youth_id], purpose=person.purpose("档案变更"))
    events = timeline(person.youth, knows=person.knows)
    page = Paginator(events, EVENTS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "registry/youths/history.html", {"youth": person.youth, "page": page})


@requires(Permission.SEE_YOUTHS)
@on_open_file(Permission.SEE_YOUTHS)
def verify(request: HttpRequest, youth: Youth) -> HttpResponse:
    if request.method != "POST":
        return render(request, "registry/youths/verify.html", {"youth": youth, "form": SubmissionForm()})
    verify_file(youth=youth, by=acting_user(request.user))
    messages.success(request, f"已核实{youth.name}的档案：{timezone.localdate()} 起与实际一致。")
    return redirect("youth", youth.pk)


@requires(Permission.SEE_YOUTHS)
@on_open_file(Permission.SEE_YOUTHS)
def correct(request: HttpRequest, youth: Youth) -> HttpResponse:
    now = corrections.observed(youth)
    form = CorrectForm(request.POST or None, initial=CorrectForm.initial_of(youth, now))
    context: dict[str, Any] = {"youth": youth, "form": form}
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            correction = corrections.correct(
                youth=youth,
                facts=form.facts(),
                reason=given["reason"],
                version=given["version"],
                by=acting_user(request.user),
                submission_key=given["submission_key"],
            )
        except StaleEdit as stale:
            context |= _both_versions(form, stale.youth)
        except Refused as refusal:
            form.refuse(refusal.field, str(refusal))
        else:
            done = (
                f"已更正{youth.name}的{_changed(correction)}。" if correction else "没有改动，档案保持原样。"
            )
            messages.success(request, done)
            return redirect("youth", youth.pk)
    return render(request, "registry/youths/correct.html", context, status=_status(form, context))


def _changed(correction: Correction) -> str:
    return "、".join(corrections.LABELS[field] for field, _, _ in correction.changes)


def _both_versions(form: CorrectForm, now: Youth) -> dict[str, Any]:
    """What was typed beside what stands there now. Sent again, what was typed goes over what stands there now."""
    current = corrections.observed(now)
    typed, standing = corrections.in_words(form.facts()), corrections.in_words(current)
    for field in form.catch_up(now, current):
        typed[field] = standing[field]
    rows = [(label, typed[field], standing[field]) for field, label in corrections.LABELS.items()]
    return {"versions": rows, "latest": next(iter(timeline(now, knows=False)), None)}


@requires(Permission.SEE_YOUTHS)
@on_open_file(Permission.SEE_YOUTHS)
def grade(request: HttpRequest, youth: Youth) -> HttpResponse:
    initial = {"grade": youth.grade, "reason": youth.grade_reason, "version": youth.version}
    form = GradeForm(request.POST or None, initial=initial)
    context: dict[str, Any] = {"youth": youth, "form": form}
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            held = youths.set_grade(
                youth=youth,
                grade=given["grade"],
                reason=given["reason"],
                version=given["version"],
                by=acting_user(request.user),
            )
        except StaleEdit as stale:
            now = stale.youth
            form.retype("version", str(now.version))
            rows = [("关注等级", given["grade"], now.grade), ("定级原因", given["reason"], now.grade_reason)]
            context |= {"versions": rows, "latest": next(iter(timeline(now, knows=False)), None)}
        else:
            messages.success(request, f"已定为 {held.grade} 级，下次走访 {held.next_due_on}。")
            return redirect("youth", youth.pk)
    return render(request, "registry/youths/grade.html", context, status=_status(form, context))


def _status(form: SubmissionForm, context: dict[str, Any]) -> int:
    return 409 if "versions" in context else 422 if form.errors else 200


@requires(Permission.ENROL)
@on_open_file(Permission.ENROL)
def close(request: HttpRequest, youth: Youth) -> HttpResponse:
    user = acting_user(request.user)
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            held = youths.close_file(youth=youth, reason=form.cleaned_data["reason"], by=user)
        except Refused as refusal:
            form.refuse(refusal.field, str(refusal))
        else:
            messages.success(request, f"{held.name}的档案已结。以后只能查看，需要时可以重新建档。")
            return redirect("youth", youth.pk)
    context = {"person": PersonFile(youth, user), "youth": youth, "form": form}
    return render(request, "registry/youths/close.html", context, status=_status(form, {}))


@requires(Permission.ENROL)
@hiding_what_left
def youth_new(request: HttpRequest) -> HttpResponse:
    """First the number, then, with the person found, why a file is opened."""
    user = acting_user(request.user)
    if request.method == "POST" and request.POST.get("step") == "open":
        form: FindResidentForm = OpenFileForm(request.POST, user=user)
        if form.is_valid() and (opened := _open(form)):
            messages.success(request, f"已建档：{opened.name}，首次走访 {opened.next_due_on}。")
            return redirect("youth", opened.pk)
    elif request.method == "POST":
        form = FindResidentForm(request.POST, user=user)
        if form.is_valid() and form.resident is not None:
            found = form.resident
            readings.record(request, what=Reading.Subject.RESIDENT, ids=[found.pk], purpose="建档")
            form = OpenFileForm(user=user, initial={"number": form.cleaned_data["number"], "grade": "B"})
            form.take(found)
    else:
        form = FindResidentForm(user=user)
    return render(request, "registry/youths/new.html", {"form": form}, status=_status(form, {}))


def _open(form: FindResidentForm) -> Youth | None:
    given, resident = form.cleaned_data, form.resident
    assert resident is not None, "a valid form has found its resident"  # noqa: S101
    try:
        with transaction.atomic():
            opened = youths.open_file(
                resident=resident, reason=given["reason"], grade=given["grade"], by=form.user
            )
            if given["category"]:
                enrolments.enrol(
                    youth=opened,
                    category=given["category"],
                    starts_on=given["starts_on"],
                    evidence=given["evidence"],
                    by=form.user,
                    submission_key=given["submission_key"],
                )
    except Refused as refusal:
        form.refuse(refusal.field, str(refusal))
        return None
    return opened
