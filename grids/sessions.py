"""Sessions 登录: who is signed in where, since when, and the one place to end it (等保 8.1.4.1 b).

- Without an act of the person a session ends after a quarter of an hour, on the phone of somebody who is not asked for
  a second factor after half an hour (a round has its pauses, and the phone locks itself).
- However busy, it ends after twelve hours.
- One session per kind of device: signing in on another computer ends the one on the first.
- The session's key changes at the password and again at the second factor.
"""

import re
import time
from ipaddress import ip_address

from axes.helpers import get_client_ip_address
from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from .models import SignIn, User

_PHONE = re.compile(r"Mobile|Android|iPhone|iPad|HarmonyOS|OpenHarmony")
# The first that fits: shells name the browser that they are made of, too.
_BROWSERS = (
    ("企业微信", "wxwork"), ("微信", "MicroMessenger"), ("钉钉", "DingTalk"), ("Edge", "Edg"), ("360 浏览器", "QIHU"),
    ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("鸿蒙", "Harmony"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac", "Macintosh"), ("统信 UOS", "UOS"), ("Linux", "Linux"),
)  # fmt: skip
_FACTOR, _SINCE = "second_factor", "signed_in_at"


def device_of(user_agent: str) -> tuple[str, str]:
    """(kind of device, browser and system in words)."""
    kind = SignIn.Device.PHONE if _PHONE.search(user_agent) else SignIn.Device.DESK
    words = [
        next((words for words, mark in known if mark in user_agent), "") for known in (_BROWSERS, _SYSTEMS)
    ]
    return kind, " · ".join(filter(None, words)) or "未知浏览器"


@transaction.atomic
def begin(
    request: HttpRequest, user: User, *, backend: str, with_second_factor: bool, is_light: bool
) -> SignIn:
    """Sign the person in here, under a new key, and end what is open on another device of the same kind.

    `is_light`: nobody whom the second factor is asked of.
    """
    _end_by_key(request.session.session_key, SignIn.End.REPLACED)  # this browser's own, signed in again
    request.session.flush()
    auth.login(request, user, backend=backend)
    device, browser = device_of(request.headers.get("User-Agent", ""))
    idle = (
        settings.SESSION_PHONE_AGE
        if is_light and device == SignIn.Device.PHONE
        else settings.SESSION_COOKIE_AGE
    )
    request.session.set_expiry(idle)
    request.session[_FACTOR], request.session[_SINCE] = with_second_factor, int(time.time())
    request.session.save()
    # One after the other, so that of two at once one stays.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    lasting = set(live().filter(user=user).values_list("pk", flat=True))
    for other in SignIn.objects.filter(user=user, device=device, ended_at=None):
        _end(other, SignIn.End.REPLACED if other.pk in lasting else SignIn.End.IDLE, by=user)
    return SignIn.objects.create(
        user=user,
        session_key=request.session.session_key or "",
        device=device,
        browser=browser,
        address=_address(request),
        with_second_factor=with_second_factor,
        idle_seconds=idle,
    )


def _address(request: HttpRequest) -> str | None:
    try:
        return str(ip_address(get_client_ip_address(request) or ""))
    except ValueError:  # a socket of this machine, or a proxy that says no address
        return None


def live() -> "QuerySet[SignIn, SignIn]":
    """Sign-ins that are not over, with what `seen_at` needs."""
    session = Session.objects.filter(session_key=OuterRef("session_key"))
    expiring = SignIn.objects.annotate(expires_at=Subquery(session.values("expire_date")))
    return expiring.filter(ended_at=None, expires_at__gt=timezone.now())


def is_here(sign_in: SignIn, request: HttpRequest) -> bool:
    """Whether this request comes from that session."""
    return sign_in.session_key == request.session.session_key


def sign_out(request: HttpRequest) -> None:
    _end_by_key(request.session.session_key, SignIn.End.SIGNED_OUT)
    auth.logout(request)


def end(sign_in: SignIn, *, by: User) -> None:
    """End one session: one's own, or anybody's for the security officer (the view asks)."""
    how = SignIn.End.BY_SELF if by.pk == sign_in.user_id else SignIn.End.BY_OFFICER
    _end(sign_in, how, by=by)


@transaction.atomic
def end_all(user: User, *, by: User | None) -> int:
    """End every session of a person. Returns how many were open."""
    open_ones = SignIn.objects.filter(user=user, ended_at=None)
    for sign_in in open_ones:
        _end(sign_in, SignIn.End.BY_OFFICER, by=by)
    return len(open_ones)


@transaction.atomic
def keep_after_password_change(request: HttpRequest, user: User, former_key: str | None) -> None:
    """This session goes on under its new key; a new password ends the others, whose hash no longer fits."""
    SignIn.objects.filter(session_key=former_key).update(session_key=request.session.session_key)
    for other in SignIn.objects.filter(user=user, ended_at=None).exclude(
        session_key=request.session.session_key
    ):
        _end(other, SignIn.End.PASSWORD, by=user)


def still_good(request: HttpRequest, *, needs_second_factor: bool) -> bool:
    """Whether the session may go on; ends it when it has lasted too long or lacks a factor that is asked for by now."""
    since = request.session.get(_SINCE)
    if since is not None and time.time() - since > settings.SESSION_LONGEST:
        _end_by_key(request.session.session_key, SignIn.End.TOO_LONG)
    elif not needs_second_factor or request.session.get(_FACTOR):
        return True
    auth.logout(request)
    return False


def _end_by_key(key: str | None, how: str) -> None:
    sign_in = SignIn.objects.filter(session_key=key, ended_at=None).first() if key else None
    if sign_in is not None:
        _end(sign_in, how, by=sign_in.user)


def _end(sign_in: SignIn, how: str, *, by: User | None) -> None:
    """The row stays, the session goes: whoever sends its cookie is a stranger."""
    Session.objects.filter(session_key=sign_in.session_key).delete()
    sign_in.ended_at, sign_in.ended_by, sign_in.end = timezone.now(), by, how
    sign_in.save(update_fields=["ended_at", "ended_by", "end"])
