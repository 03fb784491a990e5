"""Cases 个案 `/cases/`: the list, one with its timeline, and what is done with it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from grids.models.staff import acting_user
from grids.permissions import Permission, requires
from registry import readings
from registry.holding import Refused
from registry.models import Youth
from registry.snapshots import snapshot
from registry.views.held_file import on_open_file

from .. import cases as verbs
from ..case_list import CaseList
from ..case_timeline import timeline
from ..forms.cases import CloseForm, NoteForm, OpenCaseForm, PlanForm, ReasonForm
from ..models import Case
from .held_case import done, done_at_once, on_case


@require_safe
@requires(Permission.SEE_YOUTHS)
def cases(request: HttpRequest) -> HttpResponse:
    with snapshot(recorded=True):
        listed = CaseList(acting_user(request.user), request.GET)
        readings.record_files(request, ids=[case.youth_id for case in listed.page.rows], purpose="个案")
        return render(request, "referrals/cases/list.html", {"listed": listed, "page": listed.page})


@requires(Permission.PROPOSE_CASES)
@on_open_file(Permission.PROPOSE_CASES)
def case_new(request: HttpRequest, youth: Youth) -> HttpResponse:
    user = acting_user(request.user)
    leads = user.may_in(Permission.LEAD_CASES, youth.grid_id)
    form = OpenCaseForm(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        form.initial["needs"] = list(youth.needs)
    elif form.is_valid():
        try:
            made = verbs.open_case(youth=youth, by=user, **form.cleaned_data)
        except Refused as refusal:
            form.refuse(refusal.field, str(refusal))
        else:
            said = "已立案，由您牵头。" if made.is_running else "已提出，等街道或区县决定是否立案。"
            messages.success(request, said)
            return redirect("case", made.pk)
    context = {"youth": youth, "form": form, "leads": leads}
    return render(request, "referrals/cases/new.html", context, status=422 if form.errors else 200)


@require_safe
@requires(Permission.SEE_YOUTHS)
@on_case(Permission.SEE_YOUTHS)
def case(request: HttpRequest, case: Case) -> HttpResponse:
    return _page(request, case)


def _page(request: HttpRequest, case: Case, **forms: Any) -> HttpResponse:
    """The page of one case; 422 when one of its forms comes back with errors."""
    user = acting_user(request.user)
    referrals = list(case.referrals.select_related("agency", "sent_by", "ended_by").order_by("sent_at", "id"))
    leads = user.may_in(Permission.LEAD_CASES, case.youth.grid_id)
    context = {
        "case": case,
        "youth": case.youth,
        "leads": leads,
        "needs": list(case.needs.select_related("need")),
        "referrals": referrals,
        "events": timeline(case, user, referrals),
        "note_form": forms.get("note_form") or NoteForm(),
        "decline_form": forms.get("decline_form") or ReasonForm(),
    }
    return render(request, "referrals/cases/case.html", context, status=422 if forms else 200)


@require_POST
@requires(Permission.SEE_YOUTHS)
@on_case(Permission.SEE_YOUTHS)
def case_note(request: HttpRequest, case: Case) -> HttpResponse:
    form = NoteForm(request.POST)
    user = acting_user(request.user)
    if form.is_valid() and done(
        request, form, lambda: verbs.add_note(case=case, by=user, **form.cleaned_data), "已记下。"
    ):
        return redirect("case", case.pk)
    return _page(request, case, note_form=form)


@require_POST
@requires(Permission.LEAD_CASES)
@on_case(Permission.LEAD_CASES)
def case_accept(request: HttpRequest, case: Case) -> HttpResponse:
    def accept() -> None:
        verbs.decide(case=case, accepted=True, by=acting_user(request.user))

    return done_at_once(request, accept, "已立案，由您牵头。", "case", case.pk)


@require_POST
@requires(Permission.LEAD_CASES)
@on_case(Permission.LEAD_CASES)
def case_decline(request: HttpRequest, case: Case) -> HttpResponse:
    form = ReasonForm(request.POST)
    user = acting_user(request.user)

    def decline() -> None:
        verbs.decide(case=case, accepted=False, reason=form.cleaned_data["reason"], by=user)

    if form.is_valid() and done(request, form, decline, "已告知提出人：不立案。"):
        return redirect("case", case.pk)
    return _page(request, case, decline_form=form)


@requires(Permission.LEAD_CASES)
@on_case(Permission.LEAD_CASES)
def case_plan(request: HttpRequest, case: Case) -> HttpResponse:
    if not case.is_running:
        return _not_running(request, case)
    initial = {"goals": case.goals, "due_on": case.due_on}
    form = PlanForm(request.POST if request.method == "POST" else None, case=case, initial=initial)

    def plan() -> None:
        given = form.cleaned_data
        verbs.plan(
            case=case,
            goals=given["goals"],
            due_on=given["due_on"],
            needs=given["needs"],
            by=acting_user(request.user),
        )

    if form.is_bound and form.is_valid() and done(request, form, plan, "已保存目标和期限。"):
        return redirect("case", case.pk)
    context = {"case": case, "youth": case.youth, "form": form}
    return render(request, "referrals/cases/plan.html", context, status=422 if form.errors else 200)


def _not_running(request: HttpRequest, case: Case) -> HttpResponse:
    messages.info(request, f"这个个案{case.get_state_display()}，不能这样办理。")
    return redirect("case", case.pk)


@requires(Permission.LEAD_CASES)
@on_case(Permission.LEAD_CASES)
def case_close(request: HttpRequest, case: Case) -> HttpResponse:
    if not case.is_running:
        return _not_running(request, case)
    form = CloseForm(request.POST if request.method == "POST" else None, case=case)

    def close() -> None:
        given = form.cleaned_data
        verbs.close(
            case=case, outcomes=form.outcomes(), conclusion=given["conclusion"], asked=given["asked"],
            view=given["view"], by=acting_user(request.user),
        )  # fmt: skip

    if form.is_bound and form.is_valid() and done(request, form, close, "已结案。"):
        return redirect("case", case.pk)
    context = {
        "case": case,
        "youth": case.youth,
        "form": form,
        "waiting": list(case.referrals.running().select_related("agency")),
    }
    return render(request, "referrals/cases/close.html", context, status=422 if form.errors else 200)


@requires(Permission.LEAD_CASES)
@on_case(Permission.LEAD_CASES)
def case_reopen(request: HttpRequest, case: Case) -> HttpResponse:
    if case.state != Case.State.CLOSED:
        return _not_running(request, case)
    form = ReasonForm(request.POST if request.method == "POST" else None)

    def reopen() -> None:
        verbs.reopen(case=case, reason=form.cleaned_data["reason"], by=acting_user(request.user))

    if form.is_bound and form.is_valid() and done(request, form, reopen, "个案重新进行，由您牵头。"):
        return redirect("case", case.pk)
    context = {"case": case, "youth": case.youth, "form": form}
    return render(request, "referrals/cases/reopen.html", context, status=422 if form.errors else 200)
