"""Reading settings from the environment, with messages that say in Chinese and English what is missing."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "on", "true", "yes"}
_FALSE = {"", "0", "off", "false", "no"}

_HOW_TO_MAKE = {
    "SECRET_KEY": 'python -c "import secrets; print(secrets.token_urlsafe(50))"',
    "FIELD_KEYS": "python -c \"import secrets; print(f'1:{secrets.token_hex(32)},index:{secrets.token_hex(32)}')\"",
    "ALLOWED_HOSTS": "ALLOWED_HOSTS=youth.example.org,10.0.0.5",
    "ALERT_WEBHOOK_SECRET": 'python -c "import secrets; print(secrets.token_hex(32))"',
}


def flag(name: str, *, default: bool = False) -> bool:
    """`on` or `off` (also 1/0, true/false, yes/no). Anything else stops the start: a slip must not open DEBUG."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise ImproperlyConfigured(f"环境变量 {name} 只能是 on 或 off。 {name} must be on or off.")


def number(name: str, default: int) -> int:
    value = os.environ.get(name, "")
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"环境变量 {name} 必须是整数。 {name} must be a whole number.") from None


def listing(name: str) -> list[str]:
    """The values between commas."""
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def address(name: str, *, secure: bool) -> str:
    """A web address, or "" when none is named. Plain http only where nothing is `secure` anyway."""
    value = os.environ.get(name, "")
    if value and not value.startswith(("https://",) if secure else ("https://", "http://")):
        raise ImproperlyConfigured(f"环境变量 {name} 必须以 https:// 开头。 {name} must start with https://.")
    return value


def missing(name: str) -> ImproperlyConfigured:
    """The error for a setting without which the site must not start."""
    return ImproperlyConfigured(
        f"缺少环境变量 {name}，系统不能启动。 The environment variable {name} is missing. 例 / for example: "
        f"{_HOW_TO_MAKE[name]}"
    )


def secret(name: str, kept: dict[str, str]) -> str:
    """A secret from the environment, else from those kept for the embedded servers, else an error."""
    value = os.environ.get(name) or kept.get(name, "")
    if not value:
        raise missing(name)
    return value


def kept_secrets(file: Path) -> dict[str, str]:
    """The secrets of a demo: made once, then read from `file`, which only its owner may read.

    Two processes that start at once agree: the file appears whole, and the first to name it wins.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        made = {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "FIELD_KEYS": f"1:{secrets.token_hex(32)},index:{secrets.token_hex(32)}",
        }
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
            output.writelines(f"{name}={value}\n" for name, value in made.items())
        try:
            os.link(draft, file)
        except FileExistsError:
            pass  # another process was first
        finally:
            draft.unlink()
    lines = file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def database(url: str) -> dict[str, Any]:
    """Django's database settings for `postgresql://user:password@host:port/name?host=/socket/folder&sslmode=…`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(
            "DATABASE_URL 格式应为 postgresql://用户:密码@主机:端口/数据库名。 "
            "DATABASE_URL must look like postgresql://user:password@host:port/name."
        )
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }
