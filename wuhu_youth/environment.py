"""Reading settings from the environment, with messages that say in Chinese and English what is missing."""

import os
import secrets
import stat
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


def choice(name: str, options: tuple[str, ...], default: str) -> str:
    """One of the `options`, in lower case. Anything else stops the start."""
    value = os.environ.get(name, "").lower() or default
    if value not in options:
        allowed = "、".join(options)
        raise ImproperlyConfigured(
            f"环境变量 {name} 只能是 {allowed}。 {name} must be one of {', '.join(options)}."
        )
    return value


def field_keys(kept: dict[str, str]) -> str:
    """FIELD_KEYS, or what stands in the file that FIELD_KEYS_FILE names (entries on lines or between commas, # a
    comment). Both at once are refused: nobody could say which of them encrypts."""
    file = os.environ.get("FIELD_KEYS_FILE", "")
    if not file:
        return secret("FIELD_KEYS", kept)
    if os.environ.get("FIELD_KEYS"):
        raise ImproperlyConfigured(
            "FIELD_KEYS 和 FIELD_KEYS_FILE 只能设置一个。 Set FIELD_KEYS or FIELD_KEYS_FILE, not both."
        )
    lines = private_text("FIELD_KEYS_FILE", Path(file)).splitlines()
    entries = (line.partition("#")[0].strip().strip(",") for line in lines)
    return ",".join(filter(None, entries))


def private_text(name: str, file: Path) -> str:
    """The text of a file with secrets. Refused when anybody but its owner, or an owner but us, could read it."""
    try:
        # One open file for the look at its mode and for its text, so that none can be put in place of the other.
        with file.open() as opened:
            about = os.fstat(opened.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise ImproperlyConfigured(f"{name}：{file} 不是普通文件。 {name}: not a regular file.")
            if stat.S_IMODE(about.st_mode) & 0o077 or about.st_uid not in (os.geteuid(), 0):
                raise ImproperlyConfigured(
                    f"{name}：{file} 只能由运行本系统的用户自己读写，请执行 chmod 600 {file} 并核对所有者。 "
                    f"{name}: readable by others than its owner; chmod 600, owned by the user that runs the site."
                )
            return opened.read()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}：读不到 {file}（{error.strerror}）。 {name}: cannot be read （{error.strerror}）."
        ) from None


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
            "DATABASE_URL 格式应为 postgresql://用户：密码@主机：端口/数据库名。 "
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
