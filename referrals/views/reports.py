"""Reports 问题上报 `/reports/`: made on one screen, listed with what burns first, answered, joined, or made a case."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from grids.models import ResponsiblePerson, User
from grids.models.staff import acting_user
from grids.permissions import Permission, requires
from registry import readings
from registry.forms.fields import SubmissionForm, key_of
from registry.holding import Refused
from registry.models import Dwelling, Reading, Youth
from registry.public_ids import public_id
from registry.snapshots import snapshot

from .. import reports as verbs
from ..forms.reports import AnswerForm, CaseForm, JoinForm, ReportForm, ToldForm, dwelling_key
from ..models import Report
from ..models.reports import CODES
from ..report_list import ReportList

_ABOUT = (
    "youth",
    "dwelling",
    "grid__community",
    "found_by",
    "ended_by",
    "told_entered_by",
    "joined_to",
    "case",
)


# --- The list


@require_safe
@requires(Permission.SEE_YOUTHS)
def reports(request: HttpRequest) -> HttpResponse:
    with snapshot(recorded=True):
        listed = ReportList(acting_user(request.user), request.GET)
        _record(request, listed.page.rows, "问题上报")
        return render(request, "referrals/reports/list.html", {"listed": listed, "page": listed.page})


def _record(request: HttpRequest, shown: list[Report], purpose: str) -> None:
    """The files that are named, and apart from them the doors."""
    ids = [report.youth_id for report in shown if report.youth_id]
    doors = [report.dwelling_id for report in shown if report.dwelling_id]
    if ids or not doors:
        readings.record_files(request, ids=ids, purpose=purpose)
    if doors:
        readings.record(request, what=Reading.Subject.DWELLING, ids=doors, purpose=purpose)


# --- A new one


@never_cache
@requires(Permission.SEE_YOUTHS)
def report_new(request: HttpRequest) -> HttpResponse:
    """`?youth=` or `?dwelling=` says about whom, `?grid=` where; else the form asks."""
    user = acting_user(request.user)
    subject = _subject(request, user)
    if isinstance(subject, Youth) and subject.state == Youth.State.CLOSED:
        messages.info(request, "这份档案已结。先重新建档，或者按住户上报。")
        return redirect("youth", subject.pk)
    initial = {"grid": request.GET.get("grid", ""), "about": "place" if "grid" in request.GET else "youth"}
    form = ReportForm(request.POST or None, user=user, subject=subject, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.make_report(**form.report(), by=user)
        except Refused as refusal:
            form.refuse(refusal.field, str(refusal))
        except ObjectDoesNotExist:
            raise Http404 from None
        else:
            messages.success(request, _said(made))
            return redirect("report", made.pk)
    _record_subject(request, subject, form)
    context = {"form": form, "subject": subject, "back": _back(subject)}
    return render(request, "referrals/reports/new.html", context, status=422 if form.errors else 200)


def _subject(request: HttpRequest, user: User) -> Youth | Dwelling | None:
    """Whom the address names, in scope; anything else is as missing as a file out of scope."""
    if "youth" in request.GET:
        try:
            key = UUID(request.GET["youth"])
        except ValueError:
            raise Http404 from None
        files = Youth.objects.visible_to(user).select_related("grid__community")
        youth: Youth = get_object_or_404(files, pk=key)
        return youth
    if "dwelling" in request.GET:
        doors = Dwelling.objects.visible_to(user).select_related("grid__community")
        door: Dwelling = get_object_or_404(doors, pk=dwelling_key(request.GET["dwelling"]) or 0)
        return door
    return None


def _record_subject(request: HttpRequest, subject: Youth | Dwelling | None, form: ReportForm) -> None:
    if isinstance(subject, Dwelling):
        readings.record(request, what=Reading.Subject.DWELLING, ids=[subject.pk], purpose="上报")
    elif subject or form.matches:
        ids = [subject.pk] if subject else [youth.pk for youth in form.matches]
        readings.record_files(request, ids=ids, purpose="上报")


def _back(subject: Youth | Dwelling | None) -> str:
    if isinstance(subject, Youth):
        return f"/youths/{subject.pk}/"
    return f"/dwellings/{public_id('dwelling', subject.pk)}/" if subject else "/"


def _said(made: Report) -> str:
    if made.danger:
        return "已紧急上报，社区、街道、区县都已收到。请马上向公安或民政报告，再把回执登记在这里。"
    if made.urgent:
        return "已紧急上报，社区、街道、区县都已收到提醒。"
    return f"已上报，由{made.get_level_display()}答复，{made.due_at.astimezone():%m-%d} 前会有结果。"


# --- One report, and what is done with it

_FORMS = (("told", ToldForm), ("answer", AnswerForm), ("join", JoinForm), ("case", CaseForm))


@require_safe
@requires(Permission.SEE_YOUTHS)
@transaction.atomic
def report(request: HttpRequest, report_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    return _page(request, _in_scope(user, report_id), user)


def _in_scope(user: User, report_id: UUID) -> Report:
    found: Report = get_object_or_404(Report.objects.visible_to(user).select_related(*_ABOUT), pk=report_id)
    return found


def _page(
    request: HttpRequest, found: Report, user: User, *, refused: SubmissionForm | None = None
) -> HttpResponse:
    _record(request, [found], "问题上报")
    may = verbs.may_answer(found, user)
    others = verbs.joinable(found) if may and found.is_new and not found.is_untold else []
    may_tell = found.is_untold and (may or found.found_by_id == user.pk)
    forms: dict[str, Any] = {
        "told": ToldForm(user=user) if may_tell else None,
        "answer": AnswerForm() if may and found.is_new and not found.is_untold else None,
        "join": JoinForm(others=others) if others else None,
        "case": None,
    }
    if may and found.is_new and (youths := verbs.of_case(found, by=user)):
        forms["case"] = CaseForm(youths=youths, report=found)
    for name, kind in _FORMS:
        if isinstance(refused, kind):
            forms[name] = refused
    asked = ResponsiblePerson.objects.filter(grid=found.grid_id).select_related("user").first()
    context = {
        "report": found,
        "forms": forms,
        "may_answer": may,
        "responsible": asked,
        "codes": CODES.get(found.kind, ""),
        "joined": list(found.joined.select_related("found_by")),
        "dwelling_id": public_id("dwelling", found.dwelling_id) if found.dwelling_id else None,
    }
    return render(request, "referrals/reports/report.html", context, status=422 if refused else 200)


@require_POST
@requires(Permission.SEE_YOUTHS)
def report_told(request: HttpRequest, report_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _in_scope(user, report_id)
    form = ToldForm(request.POST, user=user)
    return _act(request, found, form, verbs.tell_authority, "已登记报告情况，这件上报不再标红。")


@require_POST
@requires(Permission.SEE_YOUTHS)
def report_answer(request: HttpRequest, report_id: UUID) -> HttpResponse:
    found = _in_scope(acting_user(request.user), report_id)
    return _act(request, found, AnswerForm(request.POST), verbs.answer, "已答复，上报的人会收到提醒。")


@require_POST
@requires(Permission.SEE_YOUTHS)
def report_join(request: HttpRequest, report_id: UUID) -> HttpResponse:
    found = _in_scope(acting_user(request.user), report_id)
    form = JoinForm(request.POST, others=verbs.joinable(found))
    return _act(request, found, form, _join, "已并入另一件，以后一起答复。")


@require_POST
@requires(Permission.PROPOSE_CASES)
def report_case(request: HttpRequest, report_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _in_scope(user, report_id)
    form = CaseForm(request.POST, youths=verbs.of_case(found, by=user), report=found)
    done = (
        "已立个案。"
        if user.may_in(Permission.LEAD_CASES, found.grid_id)
        else "已提出立个案，等街道或区县决定。"
    )

    def open_case(report: Report, *, by: User, youth: str, **given: Any) -> object:
        return verbs.open_case(
            report, youth=form.youths[youth], by=by, submission_key=key_of(request.POST), **given
        )

    return _act(request, found, form, open_case, done)


def _join(found: Report, *, to: str, by: User) -> Report:
    return verbs.join(found, to=_in_scope(by, UUID(to)), by=by)


def _act(request: HttpRequest, found: Report, form: SubmissionForm, verb: Any, done: str) -> HttpResponse:
    """Do it and go back to the page; or the page again with what was typed and what is wrong.

    A second tap finds it done: who did it, the page says. No key is needed: what has ended ends no more.
    """
    user = acting_user(request.user)
    if form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name != "submission_key"}
        try:
            verb(found, **given, by=user)
        except Refused as refusal:
            if not found.is_new or _is_done_now(found, user):
                messages.info(request, str(refusal))
                return redirect("report", found.pk)
            form.refuse(refusal.field, str(refusal))
        except ObjectDoesNotExist:
            raise Http404 from None
        else:
            messages.success(request, done)
            return redirect("report", found.pk)
    return _page(request, found, user, refused=form)


def _is_done_now(found: Report, user: User) -> bool:
    """Whether somebody was faster since the page was read."""
    now = Report.objects.visible_to(user).filter(pk=found.pk).first()
    return now is None or (now.state, now.rank) != (found.state, found.rank)
