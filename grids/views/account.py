"""Sign-in and sign-out, and each person's own page 我的: posts, grids, password."""

from typing import Any

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ..models.staff import acting_user

_LONGEST_USERNAME = 50  # as long as User.username may be


class SignInForm(AuthenticationForm):
    """Django's form with one answer for every failure: a wrong name, a wrong password, an account switched off."""

    error_messages = {
        "invalid_login": "用户名或密码不对，请核对后再试。连续输错 5 次，要过 15 分钟才能再试。",
        "inactive": "用户名或密码不对，请核对后再试。连续输错 5 次，要过 15 分钟才能再试。",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].error_messages["required"] = "请填写用户名"
        self.fields["password"].error_messages["required"] = "请填写密码"

    def clean_username(self) -> str:
        """User names are lower case; phones like to begin with a capital."""
        username = self.cleaned_data["username"].strip().lower()
        if len(username) > _LONGEST_USERNAME:  # nobody's name, and too long to keep a record of the attempt
            raise self.get_invalid_login_error()
        return username


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The session gets a new key here (`auth.login`), so one that was planted before is worth nothing."""
    target = _safe_target(request)
    if request.method == "GET" and request.user.is_authenticated:
        return redirect(target or settings.LOGIN_REDIRECT_URL)
    form = SignInForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        auth.login(request, form.get_user())
        return redirect(target or settings.LOGIN_REDIRECT_URL)
    # A session cookie that belongs to nobody any more: the person did not leave by the door.
    session_ended = bool(target) and settings.SESSION_COOKIE_NAME in request.COOKIES
    context = {"form": form, "next": target, "session_ended": session_ended}
    return render(request, "registration/login.html", context)


@login_not_required
@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    messages.success(request, "您已退出。在公用电脑上，请同时关闭浏览器窗口。")
    return redirect(settings.LOGIN_URL)


@require_GET
def me(request: HttpRequest) -> HttpResponse:
    user = acting_user(request.user)
    assignments = user.assignments.current().select_related("grid__community__parent").order_by("grid_id")
    posts = user.posts.current().select_related("division", "approved_by").order_by("division_id", "role")
    return render(request, "grids/account/me.html", {"posts": posts, "assignments": assignments})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    """A new password ends this person's sessions everywhere but here."""
    form = PasswordChangeForm(acting_user(request.user), data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        auth.update_session_auth_hash(request, form.save())
        messages.success(request, "密码已修改，其他设备上的登录已失效。下次登录请用新密码。")
        return redirect("me")
    status = 422 if form.errors else 200
    return render(request, "registration/password_change_form.html", {"form": form}, status=status)


def _safe_target(request: HttpRequest) -> str:
    """Where to go after sign-in: an address of this site, or "" (an address elsewhere would serve a fraud)."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    here = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if here and target != resolve_url("logout") else ""
