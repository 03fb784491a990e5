"""Sign-ins 登录 in the hands of the security officer: who is signed in where, end it, reset a second factor."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from .. import second_factor, sessions
from ..models import AccountEvent, SecondFactor, SignIn, User
from ..models.staff import acting_user
from ..permissions import Permission, requires

MOST = 50  # people found, sign-ins shown


class PersonForm(forms.Form):
    q = forms.CharField(label="姓名或用户名", max_length=50, required=False)

    def found(self) -> list[User]:
        """Posted, never in an address: names stand in no log."""
        q = self.cleaned_data["q"].strip()
        if not q:
            return []
        people = User.objects.filter(Q(name__icontains=q) | Q(username__icontains=q.lower()))
        return list(people.order_by("username")[:MOST])


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="原因",
        max_length=200,
        help_text="写明怎样核实了本人身份，例如：手机丢失，已当面核对工作证。",
        error_messages={"required": "请写明原因。"},
    )


@requires(Permission.MANAGE_STAFF)
@require_http_methods(["GET", "POST"])
def sign_ins(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    asked = request.method == "POST" and form.is_valid()
    live = sessions.live()
    context = {
        "form": form,
        "people": form.found() if asked else None,
        "live_count": live.count(),
        "live": live.select_related("user")[:MOST],
        "most": MOST,
    }
    return render(request, "grids/sign_ins/list.html", context)


@requires(Permission.MANAGE_STAFF)
@require_safe
def sign_ins_of(request: HttpRequest, user_id: int) -> HttpResponse:
    return _person(request, get_object_or_404(User, pk=user_id), ReasonForm())


@requires(Permission.MANAGE_STAFF)
@require_POST
def sign_ins_end(request: HttpRequest, user_id: int) -> HttpResponse:
    """End every session of a person."""
    user = get_object_or_404(User, pk=user_id)
    count = sessions.end_all(user, by=acting_user(request.user))
    messages.success(
        request, f"{user.name}的 {count} 处登录已结束。" if count else f"{user.name}没有登录着。"
    )
    return redirect("sign_ins_of", user_id=user.pk)


@requires(Permission.MANAGE_STAFF)
@require_POST
def factor_reset(request: HttpRequest, user_id: int) -> HttpResponse:
    """Take a person's second factor away, with a reason; the next sign-in sets up a new one."""
    user, by = get_object_or_404(User, pk=user_id), acting_user(request.user)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _person(request, user, form, status=422)
    if user == by:
        form.add_error("reason", "不能重置自己的动态口令，请由另一位安全管理员办理。")
        return _person(request, user, form, status=422)
    if second_factor.reset(user, reason=form.cleaned_data["reason"], by=by):
        messages.success(request, f"{user.name}的动态口令已重置，其登录已全部结束；下次登录时重新扫码启用。")
    else:
        messages.info(request, f"{user.name}没有启用动态口令，不用重置。")
    return redirect("sign_ins_of", user_id=user.pk)


def _person(request: HttpRequest, user: User, form: ReasonForm, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "person": user,
        "is_required": second_factor.is_required(user),
        "factor": SecondFactor.objects.filter(user=user).first(),
        "live": sessions.live().filter(user=user),
        "past": SignIn.objects.filter(user=user).exclude(ended_at=None).select_related("ended_by")[:20],
        "events": AccountEvent.objects.filter(user=user).select_related("by")[:20],
        "form": form,
        "is_self": user == request.user,
    }
    return render(request, "grids/sign_ins/person.html", context, status=status)
