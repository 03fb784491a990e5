"""Agencies 协作单位 `/agencies/`: for whoever leads cases or manages places; to an agency itself they are not there."""

from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from grids.models import User
from grids.models.staff import acting_user
from grids.permissions import Permission, requires
from registry.filters.places import Places

from .. import agencies as verbs
from ..codes import HelpKind
from ..forms.agencies import AgencyForm, MemberForm
from ..models import Agency, AgencyMember, Case, Referral
from ..models.agencies import AgencyQuerySet
from ..models.cases import ENDED, RUNNING
from .held_case import done, done_at_once

WANTS = (Permission.LEAD_CASES, Permission.MANAGE_PLACES)


def _known(user: User) -> AgencyQuerySet:
    """Those around where the reader leads cases or manages places; all for the system administrator."""
    if user.may(Permission.MANAGE_PLACES) and not user.prefixes(Permission.MANAGE_PLACES):
        return Agency.objects.all()
    return Agency.objects.known_to(user)


@require_safe
@requires(*WANTS)
def agencies(request: HttpRequest) -> HttpResponse:
    user = acting_user(request.user)
    found = _known(user).select_related("area")
    help_kind = request.GET.get("help", "")
    if help_kind in HelpKind.values:
        found = found.filter(helps__contains=[help_kind])
    if request.GET.get("ended") != "1":
        found = found.working()
    today = timezone.localdate()
    members = Q(members__starts_on__lte=today) & (Q(members__ends_on=None) | Q(members__ends_on__gt=today))
    context = {
        "agencies": found.annotate(people=Count("members", filter=members)).order_by("area_id", "name"),
        "helps": HelpKind.choices,
        "help": help_kind if help_kind in HelpKind.values else "",
        "ended": request.GET.get("ended") == "1",
        "manages": user.may(Permission.MANAGE_PLACES),
    }
    return render(request, "referrals/agencies/list.html", context)


@require_safe
@requires(*WANTS)
def agency(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    found: Agency = get_object_or_404(_known(acting_user(request.user)).select_related("area"), pk=agency_id)
    return _page(request, found)


def _page(request: HttpRequest, found: Agency, **forms: Any) -> HttpResponse:
    user = acting_user(request.user)
    manages = (
        user.may(Permission.MANAGE_PLACES) and Agency.objects.managed_by(user).filter(pk=found.pk).exists()
    )
    context = {
        "agency": found,
        "members": list(found.members.select_related("user", "approved_by").order_by("-starts_on", "-id")),
        "manages": manages,
        "member_form": (forms.get("member_form") or MemberForm()) if manages and found.is_working else None,
        "leads": user.may(Permission.LEAD_CASES),
    }
    if context["leads"]:
        asked = Exists(Referral.objects.visible_to(user).filter(case=OuterRef("pk"), agency=found))
        context["load"] = (
            Case.objects.visible_to(user)
            .filter(asked)
            .aggregate(
                running=Count("id", filter=Q(state__in=RUNNING)), ended=Count("id", filter=Q(state__in=ENDED))
            )
        )
    return render(request, "referrals/agencies/agency.html", context, status=422 if forms else 200)


def _managed(user: User, agency_id: UUID) -> Agency:
    found: Agency = get_object_or_404(Agency.objects.managed_by(user).select_related("area"), pk=agency_id)
    return found


def _places(user: User, wanted: str = "") -> Places:
    """The area that the reader manages; the system administrator's is the city."""
    return Places(user.prefixes(Permission.MANAGE_PLACES) or ["3402"], wanted)


@requires(Permission.MANAGE_PLACES)
def agency_new(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@requires(Permission.MANAGE_PLACES)
def agency_edit(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    return _form(request, _managed(acting_user(request.user), agency_id))


_SAID = ("name", "kind", "helps", "agreement_number", "agreement_ends_on", "contact")


def _form(request: HttpRequest, found: Agency | None) -> HttpResponse:
    user = acting_user(request.user)
    initial = {name: getattr(found, name) for name in _SAID} | {"area": found.area_id} if found else {}
    now = found.area_id if found else ""
    places = _places(user, request.POST.get("area", "") or now)
    form = AgencyForm(request.POST or None, places=places, now=now, initial=initial)
    saved: list[Agency] = []

    def save() -> None:
        saved.append(verbs.save(agency=found, by=user, **form.cleaned_data))

    if form.is_bound and form.is_valid() and done(request, form, save, "已保存。"):
        return redirect("agency", saved[0].pk)
    status = 422 if form.errors else 200
    return render(request, "referrals/agencies/form.html", {"agency": found, "form": form}, status=status)


@require_POST
@requires(Permission.MANAGE_PLACES)
def agency_end(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _managed(user, agency_id)
    return done_at_once(
        request, lambda: verbs.end(agency=found, by=user), f"已停止与{found}合作。", "agency", found.pk
    )


@require_POST
@requires(Permission.MANAGE_PLACES)
def agency_member_new(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _managed(user, agency_id)
    form = MemberForm(request.POST)

    def add() -> None:
        given = form.cleaned_data
        verbs.add_member(agency=found, user=given["user"], ends_on=given["ends_on"], by=user)

    if form.is_valid() and done(request, form, add, "已加入，登录后就能看到发给本单位的转介。"):
        return redirect("agency", found.pk)
    return _page(request, found, member_form=form)


@require_POST
@requires(Permission.MANAGE_PLACES)
def agency_member_end(request: HttpRequest, agency_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    found = _managed(user, agency_id)
    key = request.POST.get("member", "")
    members = AgencyMember.objects.filter(agency=found).select_related("agency", "user")
    member = members.filter(pk=key).first() if key.isascii() and key.isdigit() and len(key) < 19 else None
    if member is None:
        raise Http404
    said = f"{member.user}从今天起看不到{found}的转介。"
    return done_at_once(request, lambda: verbs.end_member(member=member, by=user), said, "agency", found.pk)
