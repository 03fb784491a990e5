"""How a page about one case obtains it: in scope, recorded as a reading of the youth's file; what a verb refused."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from grids.models import User
from grids.models.staff import acting_user
from grids.permissions import Permission
from registry import readings
from registry.forms.fields import SubmissionForm
from registry.holding import Refused
from registry.views.held_file import hiding_what_left

from ..models import Case

CaseView = Callable[[HttpRequest, Case], HttpResponse]
_WITH = ("youth__resident", "youth__grid__community", "owner", "opened_by", "ended_by")


def case_in_scope(user: User, case_id: UUID, permission: Permission = Permission.SEE_YOUTHS) -> Case:
    """The case, or the 404 that a missing one gives as well."""
    found: Case = get_object_or_404(
        Case.objects.visible_to(user, permission).select_related(*_WITH), pk=case_id
    )
    return found


def on_case(permission: Permission) -> Callable[[CaseView], Callable[..., HttpResponse]]:
    """The view gets the case in its address. A look is a reading of the file; so is a form that comes back."""

    def decorate(view: CaseView) -> Callable[..., HttpResponse]:
        @wraps(view)
        def with_case(request: HttpRequest, case_id: UUID) -> HttpResponse:
            case = case_in_scope(acting_user(request.user), case_id, permission)
            act = hiding_what_left(view)
            if request.method != "POST":
                with transaction.atomic():
                    readings.record_files(request, ids=[case.youth_id], purpose="个案")
                    return act(request, case)
            answer = act(request, case)
            if not 300 <= answer.status_code < 400:
                readings.record_files(request, ids=[case.youth_id], purpose="个案")
            return answer

        return with_case

    return decorate


def done(request: HttpRequest, form: SubmissionForm, act: Callable[[], Any], said: str) -> bool:
    """Do it and say so; else show beside the form what was refused."""
    try:
        act()
    except Refused as refusal:
        form.refuse(refusal.field, str(refusal))
        return False
    messages.success(request, said)
    return True


def done_at_once(request: HttpRequest, act: Callable[[], Any], said: str, *back: Any) -> HttpResponse:
    """An act without a form of its own: what was refused is a message on the page it came from."""
    try:
        act()
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect(*back)
