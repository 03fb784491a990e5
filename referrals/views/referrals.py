"""Referrals 转介. For an agency `/referrals/`: its own, and nothing else; for those who lead cases: send and withdraw.

An agency's pages read the referral row alone, with what was given that day: no file, no case, no other agency.
"""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from grids.models import User
from grids.models.staff import acting_user
from grids.paging import read_page
from grids.permissions import Permission, requires
from registry import consents, readings
from registry.models import ConsentPurpose

from .. import referrals as verbs
from ..codes import ASKS, HelpKind, ReferralField
from ..forms.cases import NoteForm, ReasonForm
from ..forms.referrals import ReferralForm, ReportBackForm, help_choices
from ..models import AgencyMember, Case, CaseNote, Referral
from .held_case import case_in_scope, done, done_at_once, on_case

# --- Those who lead cases


@requires(Permission.LEAD_CASES)
@on_case(Permission.LEAD_CASES)
def referral_new(request: HttpRequest, case: Case) -> HttpResponse:
    """First which help (`?help=`), then the form with the agencies that give it here and the least it needs."""
    if not case.is_running:
        messages.info(request, f"这个个案{case.get_state_display()}，不能转介。")
        return redirect("case", case.pk)
    choices = help_choices(case)
    wanted = request.GET.get("help", "")
    context: dict[str, Any] = {"case": case, "youth": case.youth, "choices": choices, "wanted": wanted}
    if wanted not in ASKS:
        return render(
            request, "referrals/referrals/choose.html", context, status=422 if request.POST else 200
        )
    consent = consents.standing(case.youth, ConsentPurpose.SHARING)
    form = ReferralForm(
        request.POST if request.method == "POST" else None,
        case=case,
        help_kind=wanted,
        has_consent=consent is not None,
    )

    def send() -> None:
        given = dict(form.cleaned_data)
        verbs.send(
            case=case,
            help_kind=wanted,
            fields=given.pop("fields_given"),
            by=acting_user(request.user),
            **given,
        )

    if form.is_bound and form.is_valid() and done(request, form, send, "已发出转介，对方已收到提醒。"):
        return redirect("case", case.pk)
    context |= {"form": form, "help": HelpKind(wanted).label, "consent": consent}
    return render(request, "referrals/referrals/new.html", context, status=422 if form.errors else 200)


@requires(Permission.LEAD_CASES)
def referral_withdraw(request: HttpRequest, referral_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    mine = Referral.objects.visible_to(user, Permission.LEAD_CASES).select_related("agency")
    referral: Referral = get_object_or_404(mine, pk=referral_id)
    case = case_in_scope(user, referral.case_id, Permission.LEAD_CASES)
    referral.case = case
    form = ReasonForm(request.POST if request.method == "POST" else None)

    def withdraw() -> None:
        verbs.withdraw(referral=referral, reason=form.cleaned_data["reason"], by=user)

    if form.is_bound and form.is_valid():
        try:
            if done(request, form, withdraw, f"已撤回，{referral.agency}会收到提醒。"):
                return redirect("case", case.pk)
        except ObjectDoesNotExist:
            raise Http404 from None
    readings.record_files(request, ids=[case.youth_id], purpose="个案")
    context = {"case": case, "youth": case.youth, "referral": referral, "form": form}
    return render(request, "referrals/referrals/withdraw.html", context, status=422 if form.errors else 200)


# --- The agency

BOXES = {
    "sent": ("待接收", Q(state="sent")),
    "running": ("办理中", Q(state__in=["accepted", "in_progress"])),
    "ended": ("已结束", Q(state__in=["reported", "declined", "withdrawn"])),
}


@never_cache
@require_safe
@requires(Permission.ANSWER_REFERRALS)
@transaction.atomic
def referrals(request: HttpRequest) -> HttpResponse:
    return inbox(request)


def inbox(request: HttpRequest) -> HttpResponse:
    """The agency's own referrals, also what `/` shows its people. Inside a transaction of the caller."""
    user = acting_user(request.user)
    mine = Referral.objects.addressed_to(user)
    counts = mine.aggregate(**{key: Count("id", filter=condition) for key, (_, condition) in BOXES.items()})
    box = request.GET.get("box", "")
    if box not in BOXES:
        box = "sent" if counts["sent"] else "running"
    waiting = box != "ended"
    page = read_page(
        mine.filter(BOXES[box][1]).select_related("case"), request.GET,
        ("due_on",) if waiting else ("sent_at",), descending=not waiting, among=mine,
    )  # fmt: skip
    readings.record_files(request, ids=[row.case.youth_id for row in page.rows], purpose="转介")
    member = AgencyMember.objects.current().filter(user=user).select_related("agency").first()
    context = {
        "page": page,
        "rows": [(row, _whom(row)) for row in page.rows],
        "box": box,
        "boxes": [(key, label, counts[key]) for key, (label, _) in BOXES.items()],
        "agency": member.agency if member else None,
    }
    return render(request, "referrals/referrals/inbox.html", context)


def _whom(referral: Referral) -> str:
    """How the agency's list calls the person: by what was given, else by nothing that was not."""
    told: dict[str, str] = json.loads(referral.given)
    return told.get(ReferralField.NAME) or told.get(ReferralField.AGE_SEX) or "一名青少年"


def _own(user: User, referral_id: UUID) -> Referral:
    found = Referral.objects.addressed_to(user).select_related("agency", "sent_by", "ended_by", "case")
    referral: Referral = get_object_or_404(found, pk=referral_id)
    return referral


@never_cache
@require_safe
@requires(Permission.ANSWER_REFERRALS)
@transaction.atomic
def referral(request: HttpRequest, referral_id: UUID) -> HttpResponse:
    return _page(request, _own(acting_user(request.user), referral_id))


def _page(request: HttpRequest, found: Referral, **forms: Any) -> HttpResponse:
    told: dict[str, str] = json.loads(found.given)
    readings.record_files(request, ids=[found.case.youth_id], purpose="转介")
    notes = found.notes.filter(agency=found.agency).select_related("by")
    context = {
        "referral": found,
        "whom": _whom(found),
        "given": [(ReferralField(code).label, words) for code, words in told.items()],
        "steps": _steps(found),
        "notes": list(notes.order_by("-at")),
        "today": timezone.localdate(),
        "decline_form": forms.get("decline_form") or ReasonForm(prefix="decline"),
        "report_form": forms.get("report_form") or ReportBackForm(),
        "note_form": forms.get("note_form") or _note_form(),
    }
    return render(request, "referrals/referrals/referral.html", context, status=422 if forms else 200)


def _steps(found: Referral) -> list[Any]:
    """What the agency may know of the way: what it did itself, and that it was sent or withdrawn."""
    return list(found.steps.exclude(kind="climbed").select_related("by"))


def _note_form(data: Any = None) -> NoteForm:
    form = NoteForm(data, prefix="note", initial={"level": CaseNote.Level.OWN})
    level: Any = form.fields["level"]
    level.choices = [(CaseNote.Level.OWN, "只本单位"), (CaseNote.Level.TEAM, "也给转介单位看")]
    return form


@require_POST
@requires(Permission.ANSWER_REFERRALS)
def referral_accept(request: HttpRequest, referral_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _own(user, referral_id)
    said = f"已接收。请在 {found.due_on} 前反馈结果。"
    return done_at_once(request, lambda: verbs.accept(referral=found, by=user), said, "referral", found.pk)


@require_POST
@requires(Permission.ANSWER_REFERRALS)
def referral_begin(request: HttpRequest, referral_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _own(user, referral_id)
    said = "已标为办理中。"
    return done_at_once(request, lambda: verbs.begin(referral=found, by=user), said, "referral", found.pk)


@require_POST
@requires(Permission.ANSWER_REFERRALS)
def referral_decline(request: HttpRequest, referral_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _own(user, referral_id)
    form = ReasonForm(request.POST, prefix="decline")

    def decline() -> None:
        verbs.decline(referral=found, reason=form.cleaned_data["reason"], by=user)

    if form.is_valid() and done(request, form, decline, "已告知对方：不接收。"):
        return redirect("referral", found.pk)
    return _page(request, found, decline_form=form)


@require_POST
@requires(Permission.ANSWER_REFERRALS)
def referral_report(request: HttpRequest, referral_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _own(user, referral_id)
    form = ReportBackForm(request.POST)

    def report() -> None:
        given = form.cleaned_data
        verbs.report_back(referral=found, outcome=given["outcome"], result=given["result"], by=user)

    if form.is_valid() and done(request, form, report, "已反馈结果，转介办结。"):
        return redirect("referral", found.pk)
    return _page(request, found, report_form=form)


@require_POST
@requires(Permission.ANSWER_REFERRALS)
def referral_note(request: HttpRequest, referral_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _own(user, referral_id)
    form = _note_form(request.POST)
    if form.is_valid() and done(
        request, form, lambda: verbs.add_note(referral=found, by=user, **form.cleaned_data), "已记下。"
    ):
        return redirect("referral", found.pk)
    return _page(request, found, note_form=form)
