"""How a page about one file obtains it: in scope, with who answers for it; and how it shows what a verb refused."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from grids.models import User
from grids.models.staff import acting_user
from grids.permissions import Permission

from .. import readings
from ..models import Youth

FileView = Callable[[HttpRequest, Youth], HttpResponse]


def file_in_scope(user: User, youth_id: UUID, permission: Permission = Permission.SEE_YOUTHS) -> Youth:
    """The file, or the 404 that a missing one gives as well."""
    files = Youth.objects.visible_to(user, permission).select_related("resident", "grid__community")
    found: Youth = get_object_or_404(files, pk=youth_id)
    return found


def readable_file(user: User, youth_id: UUID) -> Youth:
    """The file for reading alone: also by a grant 临时授权 (registry/grants.py). Else the 404 of a missing one."""
    files = Youth.objects.readable_by(user).select_related("resident", "grid__community")
    found: Youth = get_object_or_404(files, pk=youth_id)
    return found


def on_open_file(permission: Permission) -> Callable[[FileView], Callable[..., HttpResponse]]:
    """The view gets the open file in its address. A closed one is only read: back to its page, with a word why.

    A file that passes to another grid between the look and the act is as missing as it will be at the next look.
    """

    def decorate(view: FileView) -> Callable[..., HttpResponse]:
        @wraps(view)
        def with_file(request: HttpRequest, youth_id: UUID) -> HttpResponse:
            youth = file_in_scope(acting_user(request.user), youth_id, permission)
            if youth.state == Youth.State.CLOSED:
                return closed(request, youth)
            return _recorded(hiding_what_left(view), request, youth)

        return with_file

    return decorate


def _recorded(view: FileView, request: HttpRequest, youth: Youth) -> HttpResponse:
    """The view's answer; a page about the file is a reading of it, a redirect after an act is none.

    A look is read and recorded in one transaction. An act keeps its own, and its form with errors is recorded after.
    """
    if request.method != "POST":
        with transaction.atomic():
            readings.record_files(request, ids=[youth.pk], purpose="办理")
            return view(request, youth)
    answer = view(request, youth)
    if not 300 <= answer.status_code < 400:
        readings.record_files(request, ids=[youth.pk], purpose="办理")
    return answer


def closed(request: HttpRequest, youth: Youth) -> HttpResponse:
    messages.info(request, f"这份档案已于 {youth.closed_on} 结档，只能查看。")
    return redirect("youth", youth.pk)


def hiding_what_left(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def hidden(*args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(*args, **kwargs)
        except ObjectDoesNotExist:
            raise Http404 from None

    return hidden
