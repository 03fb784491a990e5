"""Sign-in in one or two steps and sign-out, and each person's own page 我的: posts, grids, sessions, password."""

import time
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from .. import second_factor, sessions
from ..encryption import decrypt, encrypt
from ..models import User
from ..models.staff import acting_user
from ..permissions import Permission
from ..second_factor import CodeRefused

_LONGEST_USERNAME = 50  # as long as User.username may be
_BETWEEN_STEPS = 10 * 60  # seconds from the password to the code
_PENDING = "pending_sign_in"
_SECRET = "pending_factor"  # noqa: S105 - where the session keeps it, encrypted
_MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


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


class CodeForm(forms.Form):
    """The six digits; spaces between them do no harm."""

    code = forms.CharField(
        label="动态口令",
        max_length=20,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True, "size": 8}
        ),
        error_messages={"required": "请填写手机上的 6 位数字。"},
    )

    def clean_code(self) -> str:
        code = "".join(str(self.cleaned_data["code"]).split())
        if len(code) != 6 or not (code.isascii() and code.isdigit()):
            raise forms.ValidationError("动态口令是 6 位数字。")
        return code


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The first step, and the only one for whoever is not asked for a second factor.

    The session gets a new key here, so one that was planted before is worth nothing.
    """
    target = _safe_target(request)
    if request.method == "GET" and request.user.is_authenticated:
        return redirect(target or settings.LOGIN_REDIRECT_URL)
    form = SignInForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.get_user()
        assert isinstance(user, User)  # noqa: S101 - AUTH_USER_MODEL
        if second_factor.is_asked(user):
            request.session.flush()
            request.session[_PENDING] = {"user": user.pk, "at": int(time.time()), "next": target}
            return redirect("login_code" if second_factor.has_one(user) else "login_factor")
        sessions.begin(request, user, backend=_MODEL_BACKEND, with_second_factor=False, is_light=True)
        return redirect(target or settings.LOGIN_REDIRECT_URL)
    # A session cookie that belongs to nobody any more: the person did not leave by the door.
    session_ended = bool(target) and settings.SESSION_COOKIE_NAME in request.COOKIES
    context = {"form": form, "next": target, "session_ended": session_ended}
    return render(request, "registration/login.html", context)


@login_not_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step: a code from the app."""
    user = _half_signed_in(request)
    if user is None or not second_factor.has_one(user):
        return redirect(settings.LOGIN_URL)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            second_factor.check(user, form.cleaned_data["code"])
        except CodeRefused as refused:
            form.add_error("code", str(refused))
        else:
            return _through(request, user)
    return render(request, "registration/code.html", {"form": form}, status=422 if form.errors else 200)


@login_not_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def sign_in_factor(request: HttpRequest) -> HttpResponse:
    """The second step of the first time: set up the app, show that it works."""
    user = _half_signed_in(request)
    if user is None or second_factor.has_one(user):
        return redirect(settings.LOGIN_URL)
    form = _factor_form(request, user)
    if form is None:
        return _through(request, user)
    return _factor_page(request, user, form, "registration/factor.html")


@login_not_required
@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    sessions.sign_out(request)
    messages.success(request, "您已退出。在公用电脑上，请同时关闭浏览器窗口。")
    response = redirect(settings.LOGIN_URL)
    response["Clear-Site-Data"] = (
        '"cache"'  # what the browser kept of pages (8.1.4.10); browsers heed it over TLS
    )
    return response


@require_GET
def me(request: HttpRequest) -> HttpResponse:
    user = acting_user(request.user)
    assignments = user.assignments.current().select_related("grid__community__parent").order_by("grid_id")
    posts = user.posts.current().select_related("division", "approved_by").order_by("division_id", "role")
    context = {
        "posts": posts,
        "assignments": assignments,
        "sign_ins": [(one, sessions.is_here(one, request)) for one in sessions.live().filter(user=user)],
        "factor_offered": settings.SECOND_FACTOR != "off",
        "has_factor": second_factor.has_one(user),
        "may_ask": user.may(Permission.SEE_YOUTHS),
        "may_seal": user.may(Permission.SEAL),
        "takes_away": any(map(user.may, (Permission.EXPORT, Permission.LOAD_FEEDS, Permission.READ_AUDIT))),
        "sees_told": user.may(Permission.EXPORT) or user.may(Permission.READ_AUDIT),
    }
    return render(request, "grids/account/me.html", context)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def factor(request: HttpRequest) -> HttpResponse:
    """Set up a second factor of one's own accord; from then on it is asked for."""
    user = acting_user(request.user)
    if settings.SECOND_FACTOR == "off" or second_factor.has_one(user):
        return redirect("me")
    form = _factor_form(request, user)
    if form is None:
        messages.success(request, "动态口令已启用，下次登录时要输手机上的 6 位数字。")
        return redirect("me")
    return _factor_page(request, user, form, "grids/account/factor.html")


@require_POST
def sign_in_end(request: HttpRequest, sign_in_id: UUID) -> HttpResponse:
    """End one of one's own sessions elsewhere."""
    user = acting_user(request.user)
    found = get_object_or_404(user.sign_ins, pk=sign_in_id)
    if sessions.is_here(found, request):
        return sign_out(request)
    if found.ended_at is None:
        sessions.end(found, by=user)
    messages.success(request, f"{found.get_device_display()}（{found.browser}）上的登录已结束。")
    return redirect("me")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    """A new password ends this person's sessions everywhere but here."""
    user = acting_user(request.user)
    form = PasswordChangeForm(user, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        former_key = request.session.session_key
        auth.update_session_auth_hash(request, form.save())
        sessions.keep_after_password_change(request, user, former_key)
        messages.success(request, "密码已修改，其他设备上的登录已失效。下次登录请用新密码。")
        return redirect("me")
    status = 422 if form.errors else 200
    return render(request, "registration/password_change_form.html", {"form": form}, status=status)


def _half_signed_in(request: HttpRequest) -> User | None:
    """Whose password was right a short while ago in this session."""
    pending = request.session.get(_PENDING)
    if request.user.is_authenticated or not pending or time.time() - pending["at"] > _BETWEEN_STEPS:
        return None
    return User.objects.filter(pk=pending["user"], is_active=True).first()


def _through(request: HttpRequest, user: User) -> HttpResponse:
    """Both steps are done."""
    target = request.session.pop(_PENDING)["next"]
    sessions.begin(request, user, backend=_MODEL_BACKEND, with_second_factor=True, is_light=False)
    return redirect(target or settings.LOGIN_REDIRECT_URL)


def _factor_form(request: HttpRequest, user: User) -> CodeForm | None:
    """The form under the QR code; None when the code was right and the factor is kept.

    The secret is new at each look and kept in this session alone, so that nobody else with the password can have
    seen the one that is confirmed.
    """
    if request.method == "GET" or _SECRET not in request.session:
        request.session[_SECRET] = encrypt(second_factor.new_secret(), "pending_factor").hex()
        return CodeForm()
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            second_factor.set_up(user, secret=_shown_secret(request), code=form.cleaned_data["code"])
        except CodeRefused as refused:
            form.add_error("code", str(refused))
        else:
            del request.session[_SECRET]
            return None
    return form


def _factor_page(request: HttpRequest, user: User, form: CodeForm, template: str) -> HttpResponse:
    secret = _shown_secret(request)
    context = {
        "form": form,
        "qr": second_factor.qr_svg(second_factor.address_of(secret, user)),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "hash_name": settings.SECOND_FACTOR_HASH.upper(),
    }
    return render(request, template, context, status=422 if form.errors else 200)


def _shown_secret(request: HttpRequest) -> str:
    return decrypt(bytes.fromhex(request.session[_SECRET]), "pending_factor")


def _safe_target(request: HttpRequest) -> str:
    """Where to go after sign-in: an address of this site, or "" (an address elsewhere would serve a fraud)."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    here = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if here and target != resolve_url("logout") else ""
