"""Disclosures 提供记录 `/disclosures/`: what went out of the reader's area, to whom; for the auditor without a name.

The list tells of acts and names nobody; one act opens into those of its persons whom the reader may see, which is a
reading. The auditor is shown their ids alone.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from grids.models import User
from grids.models.staff import acting_user
from grids.paging import read_page
from grids.permissions import Permission, requires
from grids.scope import within

from .. import disclosures as verbs
from .. import readings
from ..forms.disclosures import DisclosureFilter, DisclosureForm
from ..holding import Refused
from ..models import Disclosure, Duty, Youth
from ..person import county_names
from .held_file import on_open_file


@never_cache
@require_safe
@requires(Permission.EXPORT, Permission.READ_AUDIT)
def disclosures(request: HttpRequest) -> HttpResponse:
    user = acting_user(request.user)
    form = DisclosureFilter(request.GET)
    if not form.is_valid():
        return render(request, "registry/disclosures/list.html", {"form": form}, status=422)
    mine = Disclosure.objects.visible_to(user)
    rows = form.listed(mine).select_related("by").annotate(named=Count("persons", filter=_mine(user)))
    page = read_page(rows, request.GET, "created_at", descending=True, among=mine)
    return render(request, "registry/disclosures/list.html", {"form": form, "page": page})


def _mine(user: User) -> Q | None:
    """How many persons of an act are counted: those of the reader's area, all of them for the auditor."""
    if user.may(Permission.READ_AUDIT):
        return None
    return within("persons__youth__grid_id", user.prefixes(Permission.EXPORT))


@never_cache
@require_safe
@requires(Permission.EXPORT, Permission.READ_AUDIT)
@transaction.atomic
def disclosure(request: HttpRequest, disclosure_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found: Disclosure = get_object_or_404(
        Disclosure.objects.visible_to(user).select_related("by"), pk=disclosure_id
    )
    context: dict[str, Any] = {"disclosure": found}
    if user.may(Permission.READ_AUDIT):
        context["ids"] = list(found.persons.order_by("id").values_list("youth_id", flat=True))
    else:
        context["persons"] = persons = verbs.persons_in_scope(found, user)
        readings.record_files(request, ids=[one.youth_id for one in persons], purpose="提供记录")
    return render(request, "registry/disclosures/disclosure.html", context)


@requires(Permission.SEE_YOUTHS)
@on_open_file(Permission.SEE_YOUTHS)
def disclosure_new(request: HttpRequest, youth: Youth) -> HttpResponse:
    """One that was made by hand: a letter, a call, a talk."""
    form = DisclosureForm(request.POST if request.method == "POST" else None, initial=_of_letter(youth))
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        fields = given.pop("fields_given")
        try:
            made = verbs.disclose(youth=youth, fields=fields, by=acting_user(request.user), **given)
        except Refused as refusal:
            form.refuse(refusal.field, str(refusal))
        else:
            messages.success(request, f"已登记：{made.given_on} 向{made.receiver}提供了{made.fields_words}。")
            return redirect("youth", youth.pk)
    context = {"youth": youth, "form": form}
    return render(request, "registry/disclosures/new.html", context, status=422 if form.errors else 200)


def _of_letter(youth: Youth) -> dict[str, Any]:
    """What the letter 转介函 to where somebody moves tells, while its answer is waited for; else nothing is known."""
    waiting = youth.handovers.open().filter(to_grid=None).exclude(destination_code="").first()
    place = county_names({waiting.destination_code}).get(waiting.destination_code) if waiting else None
    if not place:
        return {}
    return {
        "receiver": f"共青团{place}委员会", "receiver_kind": Disclosure.ReceiverKind.COMMITTEE,
        "fields_given": ["name", "age_sex", "address"], "why": "迁往当地，转请接续关爱",
        "means": Disclosure.Means.LETTER, "duty": Duty.TRANSFER,
    }  # fmt: skip
