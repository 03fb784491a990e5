"""Categories of a file: add one, end one; and the reviews that fall due."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from grids.models import User
from grids.models.staff import acting_user
from grids.permissions import Permission, requires
from grids.scope import within

from .. import enrolments, readings
from ..forms.enrolments import EndForm, EnrolForm, ReviewForm
from ..holding import Refused
from ..models import Enrolment, Youth
from ..models.enrolments import EnrolmentQuerySet
from ..person import REVIEW_SOON
from .held_file import closed, hiding_what_left, on_open_file

A_PAGE = 50


@requires(Permission.ENROL)
@on_open_file(Permission.ENROL)
def enrol(request: HttpRequest, youth: Youth) -> HttpResponse:
    user = acting_user(request.user)
    form = EnrolForm(request.POST or None, youth=youth, user=user)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            enrolment = enrolments.enrol(youth=youth, by=user, **given)
        except Refused as refusal:
            form.refuse(refusal.field, str(refusal))
        else:
            messages.success(request, f"已认定为{enrolment.category}，{enrolment.review_on} 前复核。")
            return redirect("youth", youth.pk)
    context = {"youth": youth, "form": form}
    return render(request, "registry/enrolments/new.html", context, status=422 if form.errors else 200)


@requires(Permission.ENROL)
@hiding_what_left
@transaction.atomic
def enrolment_end(request: HttpRequest, enrolment_id: UUID) -> HttpResponse:
    user = acting_user(request.user)
    enrolment = get_object_or_404(_known_to(user).select_related("youth__resident"), pk=enrolment_id)
    youth = enrolment.youth
    if youth.state == Youth.State.CLOSED:
        return closed(request, youth)
    if enrolment.ends_on:
        messages.info(request, f"{enrolment.category}已于 {enrolment.ends_on} 终止：{enrolment.end_reason}")
        return redirect("youth", youth.pk)
    reviews_it = request.POST.get("step") == "review"
    form = EndForm(request.POST if request.method == "POST" and not reviews_it else None)
    review_form = ReviewForm(request.POST if reviews_it else None, prefix="review")
    if reviews_it and review_form.is_valid() and (done := _review(review_form, enrolment, user)):
        messages.success(request, f"已复核：仍符合{done.category}，下次复核 {done.review_on}。")
        return redirect("youth", youth.pk)
    if form.is_bound and form.is_valid() and (done := _end(form, enrolment, user)):
        messages.success(request, f"已终止{done.category}，终止日期 {done.ends_on}。")
        return redirect("youth", youth.pk)
    readings.record_files(request, ids=[youth.pk], purpose="终止认定")
    context = {
        "youth": youth,
        "enrolment": enrolment,
        "form": form,
        "review_form": review_form,
        "next_review": enrolments.review_day(enrolment.category),
    }
    status = 422 if form.errors or review_form.errors else 200
    return render(request, "registry/enrolments/end.html", context, status=status)


def _end(form: EndForm, enrolment: Enrolment, user: User) -> Enrolment | None:
    given = form.cleaned_data
    try:
        return enrolments.end(enrolment=enrolment, ends_on=given["ends_on"], reason=given["reason"], by=user)
    except Refused as refusal:
        form.refuse(refusal.field, str(refusal))
        return None


def _review(form: ReviewForm, enrolment: Enrolment, user: User) -> Enrolment | None:
    try:
        return enrolments.review(enrolment=enrolment, note=form.cleaned_data["note"], by=user)
    except Refused as refusal:
        form.refuse(refusal.field, str(refusal))
        return None


@requires(Permission.ENROL)
@transaction.atomic
def reviews(request: HttpRequest) -> HttpResponse:
    """Open enrolments whose review falls due within thirty days or is late, soonest first."""
    soon = timezone.localdate() + REVIEW_SOON
    due = _known_to(acting_user(request.user)).open().filter(review_on__lte=soon)
    due = due.select_related("youth__grid__responsible__user", "youth__grid__community")
    page = Paginator(due.order_by("review_on", "id"), A_PAGE).get_page(request.GET.get("page"))
    page.object_list = list(page.object_list)
    readings.record_files(request, ids=[row.youth_id for row in page.object_list], purpose="认定复核")
    return render(request, "registry/enrolments/reviews.html", {"page": page})


def _known_to(user: User) -> EnrolmentQuerySet:
    """Enrolments in scope whose reason the person may know: of private ones only those where he or she may."""
    reasons = within("youth__grid_id", user.prefixes(Permission.KNOW_REASONS))
    mine = Enrolment.objects.visible_to(user, Permission.ENROL)
    return mine.filter(Q(category__is_private=False) | reasons).select_related("category")
