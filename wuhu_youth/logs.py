"""Logging: one JSON object a line, with the request id, without ID numbers, phone numbers or the values of rows."""

import re
from typing import Any

import structlog

# Numbers that stand alone: an 18-digit ID number 公民身份号码, a mobile phone number 手机号.
_ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])[1-9]\d{16}[\dXx](?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9A-Za-z])(?:\+?86[- ]?)?1[3-9]\d{9}(?![0-9A-Za-z])")
# PostgreSQL quotes the values of the row that broke a constraint.
_KEY_VALUES = re.compile(r"(Key \([^\n]*?\)=)\([^\n]*\)")
_ROW_VALUES = re.compile(r"(Failing row contains )\([^\n]*\)")


def redacted(value: Any) -> Any:
    """`value` with every ID number, phone number and quoted row replaced, in whatever it contains."""
    if isinstance(value, str):
        value = _KEY_VALUES.sub(r"\1(…)", value)
        value = _ROW_VALUES.sub(r"\1(…)", value)
        value = _ID_NUMBER.sub("[证件号码]", value)
        return _PHONE.sub("[电话]", value)
    if isinstance(value, dict):
        return {redacted(key): redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item) for item in value]
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return redacted(str(value)) if abs(value) >= 10**10 else value
    return redacted(str(value))


def redact(_logger: Any, _method: str, event: Any) -> Any:
    """The structlog processor: runs after formatting, so that arguments and tracebacks are covered too."""
    return redacted(dict(event))


def without_request(_logger: Any, _method: str, event: Any) -> Any:
    """Drop what Django attaches to its own lines: the request's text holds the query, and a refusal is no fault."""
    if event.get("logger", "").startswith("django."):
        event.pop("request", None)
        if event.get("status_code", 500) < 500:
            event.pop("exc_info", None)
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    without_request,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.StackInfoRenderer(),
]


def configuration(*, level: str, testing: bool = False) -> dict[str, Any]:
    """Django's LOGGING setting; configures structlog as well. Everything goes to standard error.

    `testing`: loggers are not kept, so that a test can listen to one that was used before it.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=not testing,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    redact,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers (mail to admins, coloured console) would write beside the redaction.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # Statements carry values.
            "django.db.backends": {"level": "WARNING"},
        },
    }
