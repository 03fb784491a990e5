"""What every request passes through: a request id, an access log without queries, the end of a session that is over,
and nothing of a personal page kept in any cache."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from grids import second_factor, sessions
from grids.models import User

REQUEST_ID_HEADER = "X-Request-ID"
# Sent by scripts that ask by themselves (polling for alerts): the person at the screen did nothing.
BACKGROUND_HEADER = "X-Background"
_USABLE_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
_UNLOGGED_PATHS = ("/healthz", "/readyz")
# How often, in seconds, an active session is written: often enough for the idle end, seldom enough for the database.
_TOUCH_EVERY = 60

Handler = Callable[[HttpRequest], HttpResponse]
access_log = structlog.get_logger("wuhu_youth.access")


def client_address(request: HttpRequest) -> str:
    """The address a request comes from.

    Behind `PROXY_COUNT` trusted proxies it is the entry that the outermost of them appended to X-Forwarded-For;
    entries left of it are whatever the client claimed.
    """
    if settings.PROXY_COUNT:
        forwarded = [
            part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()
        ]
        if len(forwarded) >= settings.PROXY_COUNT:
            return forwarded[-settings.PROXY_COUNT]
    return str(request.META.get("REMOTE_ADDR", ""))


def request_id_middleware(get_response: Handler) -> Handler:
    """Give each request an id: in every log line, in the answer's header, and for whatever is written meanwhile."""

    def middleware(request: HttpRequest) -> HttpResponse:
        offered = request.headers.get(REQUEST_ID_HEADER, "")
        # An id from the proxy in front is kept, so that both logs can be laid side by side.
        request_id = offered if _USABLE_REQUEST_ID.fullmatch(offered) else str(uuid.uuid4())
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.monotonic()
        response = get_response(request)
        response[REQUEST_ID_HEADER] = request_id
        if request.path not in _UNLOGGED_PATHS:
            access_log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                milliseconds=round((time.monotonic() - started) * 1000),
                user_id=getattr(getattr(request, "user", None), "pk", None),
            )
        return response

    return middleware


def session_middleware(get_response: Handler) -> Handler:
    """End a session that has lasted too long, that lacks a second factor asked for by now, or that lies idle.

    A session is prolonged by what the person does, at most once a minute, and never by a page that polls by itself:
    otherwise an open page would keep the session alive for ever, and each poll would cost a write.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        good = isinstance(request.user, User) and sessions.still_good(
            request, needs_second_factor=second_factor.is_required(request.user)
        )
        if good and BACKGROUND_HEADER not in request.headers:
            now = int(time.time())
            if now - request.session.get("touched_at", 0) >= _TOUCH_EVERY:
                request.session["touched_at"] = now
        return get_response(request)

    return middleware


def personal_pages_middleware(get_response: Handler) -> Handler:
    """Whatever a signed-in person is answered stays in no cache, neither the browser's nor one on the way."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated:
            patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware
