"""Consents 同意 on a person's file: record one under the text that was shown, and withdraw one."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from grids.models.staff import acting_user
from grids.permissions import Permission, requires

from .. import consents as verbs
from .. import readings
from ..forms.consents import ConsentForm, PurposeForm, WithdrawForm
from ..holding import Refused
from ..models import Consent, Youth
from .held_file import hiding_what_left, on_open_file


@requires(Permission.SEE_YOUTHS)
@on_open_file(Permission.SEE_YOUTHS)
def consent_new(request: HttpRequest, youth: Youth) -> HttpResponse:
    """`?purpose=` says to what; without one the page asks."""
    asked = PurposeForm(request.GET if "purpose" in request.GET else None)
    if not asked.is_valid():
        status = 422 if asked.is_bound or request.method == "POST" else 200
        context = {"youth": youth, "asked": asked}
        return render(request, "registry/consents/purpose.html", context, status=status)
    text = verbs.current_text(asked.cleaned_data["purpose"])
    form = ConsentForm(request.POST if request.method == "POST" else None, text=text, initial=_usual(youth))
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        try:
            verbs.give(youth=youth, text=text, by=acting_user(request.user), **given)
        except Refused as refusal:
            form.refuse(refusal.field, str(refusal))
        else:
            messages.success(request, f"已登记{youth.name}的同意：{text.get_purpose_display()}。")
            return redirect("youth", youth.pk)
    context = {"youth": youth, "form": form, "text": text}
    return render(request, "registry/consents/new.html", context, status=422 if form.errors else 200)


def _usual(youth: Youth) -> dict[str, str]:
    is_child = youth.age < verbs.AGE_OF_CONSENT
    return {"giver": Consent.Giver.GUARDIAN if is_child else Consent.Giver.SELF}


@requires(Permission.SEE_YOUTHS)
@hiding_what_left
def consent_withdraw(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """On a closed file too: whoever agreed may take it back at any time."""
    user = acting_user(request.user)
    mine = Consent.objects.visible_to(user).select_related("youth", "text", "by")
    found: Consent = get_object_or_404(mine, pk=consent_id)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.withdraw(consent=found, note=form.cleaned_data["note"], by=user)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            label = found.get_purpose_display()
            messages.success(request, f"已撤回{found.youth.name}对“{label}”的同意，今天起不再有效。")
        return redirect("youth", found.youth_id)
    with transaction.atomic():
        readings.record_files(request, ids=[found.youth_id], purpose="同意")
        context = {"consent": found, "youth": found.youth, "form": form}
        return render(request, "registry/consents/withdraw.html", context, status=422 if form.errors else 200)
