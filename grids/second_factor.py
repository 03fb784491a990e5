"""The second factor 动态口令 (等保 8.1.4.1 d): six digits from an app that shares a secret with us, RFC 6238.

Who is asked, by setting SECOND_FACTOR: `on` (default outside the demo) whoever reaches beyond one community (street,
district, city, service centre) and the three officers; `all` everybody; `off` nobody. Others may set one up for
themselves and are then asked too.

The hash is SHA-256, SM3 or SHA-1 by setting SECOND_FACTOR_HASH, kept with each secret, so that a change concerns new
ones alone. (django-otp is not used: it keeps secrets in clear and knows SHA-1 alone.) A code serves once; the half
minute before and after count too, for clocks that drift; five wrong ones make a pause of a quarter of an hour. Whoever
lost the phone asks the security officer, who resets the factor with a reason; the next sign-in sets up a new one.
"""

import base64
import secrets
import time
from datetime import timedelta
from urllib.parse import quote, urlencode

import qrcode
import structlog
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hmac import HMAC
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from . import sessions
from .models import AccountEvent, SecondFactor, User
from .permissions import OFFICERS, Role

ROLES = frozenset({Role.STREET, Role.DISTRICT, Role.CITY, Role.SERVICE_CENTRE, *OFFICERS})
STEP = 30  # seconds that a code lasts
DRIFT = 1  # steps before and after that count as well
TRIES, PAUSE = 5, timedelta(minutes=15)
ISSUER = "芜湖青少年服务"
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sm3": hashes.SM3,
    "sha1": hashes.SHA1,  # as HMAC still sound, for apps that know nothing else
}
_WRONG = "动态口令不对或已经用过，请等手机上换了新的 6 位数字再输。"
_PAUSED = "动态口令连续输错 {} 次，请过 15 分钟再试。"


class CodeRefused(Exception):
    """The code does not let anybody in; the message says so in Chinese."""


def is_required(user: User) -> bool:
    """Whether this person may not sign in without one."""
    if settings.SECOND_FACTOR == "off":
        return False
    return settings.SECOND_FACTOR == "all" or any(post.role in ROLES for post in user.current_posts)


def has_one(user: User) -> bool:
    return SecondFactor.objects.filter(user=user).exists()


def is_asked(user: User) -> bool:
    """Whether the password alone does not sign this person in."""
    return settings.SECOND_FACTOR != "off" and (is_required(user) or has_one(user))


# --- Codes


def new_secret() -> str:
    """160 random bits as an app takes them, base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int, hash_name: str) -> str:
    """The six digits of one half minute (RFC 4226 5.3)."""
    digest = HMAC(base64.b32decode(secret), _HASHES[hash_name]())
    digest.update(step.to_bytes(8))
    value = digest.finalize()
    start = value[-1] & 15
    number = int.from_bytes(value[start : start + 4]) & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def current_step() -> int:
    return int(time.time()) // STEP


def _step_of(code: str, secret: str, hash_name: str, *, after: int = -1) -> int | None:
    """The half minute whose code this is, among those that count and come after the one used last."""
    now = current_step()
    typed = code.encode()
    matching = [
        step
        for step in range(now - DRIFT, now + DRIFT + 1)
        if bytes_eq(code_at(secret, step, hash_name).encode(), typed) and step > after
    ]
    return max(matching, default=None)


def address_of(secret: str, user: User) -> str:
    """What the QR code says: otpauth://totp/… as authenticator apps read it."""
    label = quote(f"{ISSUER}:{user.username}")
    hash_name = settings.SECOND_FACTOR_HASH.upper()
    options = urlencode(
        {"secret": secret, "issuer": ISSUER, "algorithm": hash_name, "digits": 6, "period": STEP}
    )
    return f"otpauth://totp/{label}?{options}"


def qr_svg(text: str) -> SafeString:
    """A QR code as an SVG element. Drawn by attributes: a style would be against the CSP."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    rows = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    size = len(rows)
    return format_html(
        '<svg width="232" height="232" viewBox="0 0 {0} {0}" role="img" aria-label="动态口令二维码" '
        'shape-rendering="crispEdges"><rect width="{0}" height="{0}" fill="#fff"/><path d="{1}" fill="#000"/></svg>',
        size,
        path,
    )


# --- Verbs


def set_up(user: User, *, secret: str, code: str) -> SecondFactor:
    """Keep the secret once its app has shown a right code. Raises CodeRefused."""
    step = _step_of(code, secret, settings.SECOND_FACTOR_HASH)
    if step is None:
        raise CodeRefused(
            "动态口令不对。请确认扫的是这张二维码、手机时间准确，再输一次新的 6 位数字；一直不对，请换一个验证器。"
        )
    try:
        with transaction.atomic():
            factor = SecondFactor.objects.create(
                user=user, secret=secret, hash_name=settings.SECOND_FACTOR_HASH, last_step=step
            )
            _record(user, AccountEvent.Kind.FACTOR_SET_UP, by=user)
    except IntegrityError:
        raise CodeRefused("此账号刚刚已启用动态口令，请回到登录页重新登录。") from None
    return factor


def check(user: User, code: str) -> None:
    """Use up a code. Raises CodeRefused when it is wrong, was used, or a pause holds; wrong ones are counted."""
    refusal = _try(user, code)
    if refusal:
        raise CodeRefused(refusal)


@transaction.atomic
def _try(user: User, code: str) -> str:
    """Why not, or "". Commits either way: a wrong try must count."""
    factor = SecondFactor.objects.select_for_update().filter(user=user).first()
    if factor is None:
        return _WRONG
    if factor.paused_until and factor.paused_until > timezone.now():
        return _PAUSED.format(TRIES)
    step = _step_of(code, factor.secret, factor.hash_name, after=factor.last_step)
    if step is not None:
        factor.last_step, factor.failed_count, factor.paused_until = step, 0, None
    elif factor.failed_count + 1 < TRIES:
        factor.failed_count += 1
    else:
        factor.failed_count, factor.paused_until = 0, timezone.now() + PAUSE
        _record(user, AccountEvent.Kind.FACTOR_PAUSED, by=None)
    factor.save(update_fields=["last_step", "failed_count", "paused_until"])
    if step is not None:
        return ""
    return _PAUSED.format(TRIES) if factor.paused_until else _WRONG


@transaction.atomic
def reset(user: User, *, reason: str, by: User | None) -> bool:
    """Take the factor away (phone lost or changed) and end the person's sessions; the next sign-in sets up a new one.

    `by=None`: at the machine itself (`manage.py reset_second_factor`). False when there was none.
    """
    if by == user:
        raise ValueError("nobody resets the own factor")
    count, _ = SecondFactor.objects.filter(user=user).delete()
    if count:
        _record(user, AccountEvent.Kind.FACTOR_RESET, by=by, reason=reason)
        sessions.end_all(user, by=by)
    return bool(count)


def _record(user: User, kind: str, *, by: User | None, reason: str = "") -> None:
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    AccountEvent.objects.create(user=user, kind=kind, by=by, reason=reason, request_id=request_id)
