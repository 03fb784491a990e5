"""Pairings 结对帮扶 `/pairings/`: the list, the coverage, one with its contacts, and what is done with it."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from grids.models.staff import acting_user
from grids.permissions import Permission, requires
from registry import consents, readings
from registry.holding import Refused
from registry.models import ConsentPurpose, Youth
from registry.snapshots import snapshot
from registry.views.held_file import hiding_what_left, on_open_file

from .. import pairings as verbs
from ..forms.pairings import ContactForm, EndPairingForm, PairForm, PairingPlanForm
from ..models import Pairing
from ..pairing_list import Coverage, PairingList
from ..pairing_timeline import timeline, told_words
from .held_case import done, done_at_once

PairingView = Callable[[HttpRequest, Pairing], HttpResponse]
_WITH = ("youth__resident", "youth__grid__community", "consent", "agency", "by", "ended_by")


@require_safe
@requires(Permission.SEE_YOUTHS)
def pairings(request: HttpRequest) -> HttpResponse:
    with snapshot(recorded=True):
        user = acting_user(request.user)
        listed = PairingList(user, request.GET)
        ids = [pairing.youth_id for pairing in listed.page.rows]
        readings.record_files(request, ids=ids, purpose="结对帮扶")
        return render(request, "referrals/pairings/list.html", {"listed": listed, "page": listed.page})


@require_safe
@requires(Permission.SEE_YOUTHS)
def pairing_coverage(request: HttpRequest) -> HttpResponse:
    with snapshot(recorded=True):
        user = acting_user(request.user)
        coverage = Coverage(user, request.GET)
        ids = [youth.pk for youth in coverage.page.rows]
        readings.record_files(request, ids=ids, purpose="结对帮扶")
        context = {
            "coverage": coverage,
            "page": coverage.page,
            "leads": user.may(Permission.LEAD_CASES),
        }
        return render(request, "referrals/pairings/coverage.html", context)


@requires(Permission.LEAD_CASES)
def pairing_new(request: HttpRequest) -> HttpResponse:
    """`?youth=<id>` says whom; anything else is as missing as a file out of scope."""
    try:
        youth_id = UUID(request.GET.get("youth", ""))
    except ValueError:
        raise Http404 from None
    return _pair(request, youth_id)


@on_open_file(Permission.LEAD_CASES)
def _pair(request: HttpRequest, youth: Youth) -> HttpResponse:
    consent = consents.standing(youth, ConsentPurpose.PAIRING)
    form = PairForm(request.POST if request.method == "POST" else None, youth=youth)
    if form.is_bound and form.is_valid():
        try:
            made = verbs.pair(youth=youth, by=acting_user(request.user), **form.arguments())
        except Refused as refusal:
            form.refuse(refusal.field, str(refusal))
        else:
            messages.success(request, f"已结对，第一次联系最晚在 {made.next_due_on}。")
            return redirect("pairing", made.pk)
    context = {"youth": youth, "form": form, "consent": consent}
    return render(request, "referrals/pairings/new.html", context, status=422 if form.errors else 200)


def _on_pairing(permission: Permission) -> Callable[[PairingView], Callable[..., HttpResponse]]:
    """The view gets the pairing in its address. A look is a reading of the file; so is a form that comes back."""

    def decorate(view: PairingView) -> Callable[..., HttpResponse]:
        @wraps(view)
        def with_pairing(request: HttpRequest, pairing_id: UUID) -> HttpResponse:
            mine = Pairing.objects.visible_to(acting_user(request.user), permission).select_related(*_WITH)
            pairing: Pairing = get_object_or_404(mine, pk=pairing_id)
            act = hiding_what_left(view)
            if request.method != "POST":
                with transaction.atomic():
                    readings.record_files(request, ids=[pairing.youth_id], purpose="结对帮扶")
                    return act(request, pairing)
            answer = act(request, pairing)
            if not 300 <= answer.status_code < 400:
                readings.record_files(request, ids=[pairing.youth_id], purpose="结对帮扶")
            return answer

        return with_pairing

    return decorate


@require_safe
@requires(Permission.SEE_YOUTHS)
@_on_pairing(Permission.SEE_YOUTHS)
def pairing(request: HttpRequest, pairing: Pairing) -> HttpResponse:
    return _page(request, pairing)


def _page(request: HttpRequest, pairing: Pairing, form: ContactForm | None = None) -> HttpResponse:
    """The page of one pairing; 422 when its form comes back with errors."""
    standing = consents.standing(pairing.youth, ConsentPurpose.PAIRING)
    context = {
        "pairing": pairing,
        "youth": pairing.youth,
        "leads": acting_user(request.user).may_in(Permission.LEAD_CASES, pairing.youth.grid_id),
        "events": timeline(pairing),
        "told": told_words(pairing),
        "form": form or ContactForm(),
        "new_consent": standing if standing and standing.pk != pairing.consent_id else None,
    }
    return render(request, "referrals/pairings/pairing.html", context, status=422 if form else 200)


@require_POST
@requires(Permission.SEE_YOUTHS)
@_on_pairing(Permission.SEE_YOUTHS)
def pairing_contact(request: HttpRequest, pairing: Pairing) -> HttpResponse:
    form = ContactForm(request.POST)

    def record() -> None:
        verbs.record_contact(pairing=pairing, by=acting_user(request.user), **form.cleaned_data)

    if form.is_valid() and done(request, form, record, "已登记联系。"):
        return redirect("pairing", pairing.pk)
    return _page(request, pairing, form)


@requires(Permission.LEAD_CASES)
@_on_pairing(Permission.LEAD_CASES)
def pairing_plan(request: HttpRequest, pairing: Pairing) -> HttpResponse:
    if not pairing.is_running:
        return _not_running(request, pairing)
    initial = {"plan": pairing.plan, "every_days": pairing.every_days, "phone": pairing.phone}
    form = PairingPlanForm(request.POST if request.method == "POST" else None, initial=initial)

    def plan() -> None:
        given: dict[str, Any] = {name: form.cleaned_data[name] for name in initial}
        verbs.change_plan(pairing=pairing, by=acting_user(request.user), **given)

    if form.is_bound and form.is_valid() and done(request, form, plan, "已保存计划。"):
        return redirect("pairing", pairing.pk)
    context = {"pairing": pairing, "youth": pairing.youth, "form": form}
    return render(request, "referrals/pairings/plan.html", context, status=422 if form.errors else 200)


def _not_running(request: HttpRequest, pairing: Pairing) -> HttpResponse:
    messages.info(request, f"这次结对{pairing.state_words}，不能这样办理。")
    return redirect("pairing", pairing.pk)


@requires(Permission.LEAD_CASES)
@_on_pairing(Permission.LEAD_CASES)
def pairing_end(request: HttpRequest, pairing: Pairing) -> HttpResponse:
    if pairing.is_ended:
        return _not_running(request, pairing)
    initial = {} if pairing.consent_holds else {"because": Pairing.Because.CONSENT}
    form = EndPairingForm(request.POST if request.method == "POST" else None, initial=initial)

    def end() -> None:
        names = ("because", "outcome", "result", "ends_on")
        given: dict[str, Any] = {name: form.cleaned_data[name] for name in names}
        verbs.end(pairing=pairing, by=acting_user(request.user), **given)

    if form.is_bound and form.is_valid() and done(request, form, end, "已结束这次结对。"):
        return redirect("pairing", pairing.pk)
    context = {"pairing": pairing, "youth": pairing.youth, "form": form}
    return render(request, "referrals/pairings/end.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.LEAD_CASES)
@_on_pairing(Permission.LEAD_CASES)
def pairing_resume(request: HttpRequest, pairing: Pairing) -> HttpResponse:
    def resume() -> None:
        verbs.rest_on_new_consent(pairing=pairing, by=acting_user(request.user))

    return done_at_once(request, resume, "依据新的同意继续，请告诉结对人。", "pairing", pairing.pk)
