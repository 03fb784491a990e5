"""Asking for a grant 临时授权, and emergency access 紧急查阅."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from grids.models import User
from grids.models.staff import acting_user
from grids.permissions import Permission, requires

from .. import grants as verbs
from .. import readings
from ..forms.fields import SubmissionForm
from ..forms.grants import (
    AreaGrantForm,
    EmergencyForm,
    EmergencyReasonForm,
    FileGrantForm,
    ReasonGrantForm,
)
from ..holding import Refused
from ..models import Grant, Youth
from .held_file import readable_file

Verb = Callable[[Any, User, Youth | None], Grant]


def _key(form: SubmissionForm) -> dict[str, Any]:
    return {"reason": form.cleaned_data["reason"], "submission_key": form.cleaned_data["submission_key"]}


def _ask_file(form: FileGrantForm, by: User, youth: Youth | None) -> Grant:
    given = form.cleaned_data
    return verbs.ask(
        what=Grant.What.FILE,
        code=given["division"],
        days=given["days"],
        sought=form.sought,
        by=by,
        **_key(form),
    )


def _ask_area(form: AreaGrantForm, by: User, youth: Youth | None) -> Grant:
    given = form.cleaned_data
    return verbs.ask(what=Grant.What.AREA, code=given["code"], days=given["days"], by=by, **_key(form))


def _ask_reason(form: ReasonGrantForm, by: User, youth: Youth | None) -> Grant:
    assert youth is not None, "a reason is asked from the page of a file"  # noqa: S101
    return verbs.ask_reason(youth=youth, days=form.cleaned_data["days"], by=by, **_key(form))


def _look(form: EmergencyForm, by: User, youth: Youth | None) -> Grant:
    return verbs.look_at_once(sought=form.sought, by=by, **_key(form))


def _look_reason(form: EmergencyReasonForm, by: User, youth: Youth | None) -> Grant:
    return verbs.look_at_once(youth=youth, by=by, **_key(form))


# (about a file that one reads, in an emergency) and, for asking beyond one's scope, over an area.
_FORMS: dict[str, tuple[type[SubmissionForm], Verb, str]] = {
    "file": (FileGrantForm, _ask_file, "申请查看一份档案"),
    "area": (AreaGrantForm, _ask_area, "申请在一个区域查看档案"),
    "reason": (ReasonGrantForm, _ask_reason, "申请知晓保密类别"),
    "emergency": (EmergencyForm, _look, "紧急查阅"),
    "emergency_reason": (EmergencyReasonForm, _look_reason, "紧急知晓保密类别"),
}


@never_cache
@requires(Permission.SEE_YOUTHS)
def grant_new(request: HttpRequest, kind: str, youth_id: UUID | None = None) -> HttpResponse:
    """`kind`: one of _FORMS. What is asked for beyond one's scope names nobody in the address."""
    user = acting_user(request.user)
    form_class, verb, title = _FORMS[kind]
    youth = readable_file(user, youth_id) if youth_id else None
    form: Any = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = verb(form, user, youth)
        except Refused as refusal:
            form.refuse(refusal.field, str(refusal))
        except Youth.DoesNotExist:
            raise Http404 from None
        else:
            if made.state == Grant.State.NOBODY:
                return _nobody(request, form, {"kind": kind, "title": title})
            return _done(request, made)
    is_cadre = any(post.role in verbs.CADRES for post in user.current_posts)
    context = {"form": form, "kind": kind, "title": title, "youth": youth, "is_cadre": is_cadre}
    with transaction.atomic():
        if youth is not None:
            readings.record_files(request, ids=[youth.pk], purpose="临时授权")
        return render(request, "registry/grants/new.html", context, status=422 if form.errors else 200)


def _done(request: HttpRequest, made: Grant) -> HttpResponse:
    if made.is_emergency:
        messages.warning(request, f"紧急查阅已记录（编号 {made.number}），已告知责任人和团委，事后须复核。")
        return redirect("youth", made.youth_id)
    who = verbs.managers_of(made.code, but=made.holder)
    names = f"{who[0]}（{who[0].user.name}）" if who else "市团委"
    messages.success(request, f"已提交，由{names}审批。结果会出现在“提醒”里。")
    return redirect("grants")


def _nobody(request: HttpRequest, form: SubmissionForm, context: dict[str, Any]) -> HttpResponse:
    """One answer for whoever is unknown, sealed, or shares the name with another."""
    form.retype("submission_key", str(uuid4()))
    form.refuse(None, "没有找到唯一对应的档案。这次查阅已经记录，会有人复核。请核对后再试，或者打 110、120。")
    return render(request, "registry/grants/new.html", context | {"form": form}, status=422)
