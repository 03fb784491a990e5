"""Settings come from the environment, and what is missing stops the start with a message."""

import os
import stat
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from wuhu_youth import environment

COMPLETE = {
    "DATABASE_URL": "postgresql://youth:s%40fe@db.example.org:5433/register?sslmode=require",
    "REDIS_URL": "redis://redis.example.org:6379/0",
    "SECRET_KEY": "long enough",
    "FIELD_KEYS": f"1:{'ab' * 32},index:{'cd' * 32}",
    "ALLOWED_HOSTS": "youth.example.org",
}


def loaded(changes: dict[str, str | None], show: str = "") -> "subprocess.CompletedProcess[str]":
    """Load the settings in a process of its own, with a complete environment and `changes` (None: not set)."""
    environ = {
        "PATH": os.environ["PATH"],
        **{name: value for name, value in {**COMPLETE, **changes}.items() if value},
    }
    program = f"from wuhu_youth import settings; print({show or None})"
    return subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS"])
def test_a_missing_secret_stops_the_start_and_is_named(name):
    result = loaded({name: None})
    assert result.returncode != 0
    assert f"缺少环境变量 {name}" in result.stderr
    assert f"{name} is missing" in result.stderr


def test_a_complete_environment_is_safe_by_default():
    shown = "(settings.DEBUG, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.ALLOWED_HOSTS)"
    assert loaded({}, shown).stdout == "(False, True, True, ['youth.example.org'])\n"


def test_a_slip_in_debug_stops_the_start():
    result = loaded({"DEBUG": "of"})
    assert result.returncode != 0
    assert "DEBUG 只能是 on 或 off" in result.stderr


def test_a_database_url_may_name_a_password_a_port_and_options():
    assert environment.database(COMPLETE["DATABASE_URL"]) == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "register",
        "USER": "youth",
        "PASSWORD": "s@fe",
        "HOST": "db.example.org",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


@pytest.mark.parametrize("url", ["mysql://a/b", "postgresql://host", "register"])
def test_an_unusable_database_url_is_explained(url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL 格式应为"):
        environment.database(url)


def test_the_secrets_of_a_demo_are_made_once_and_are_their_owners_alone(tmp_path):
    file = tmp_path / "var" / "secrets.env"
    made = environment.kept_secrets(file)
    assert environment.kept_secrets(file) == made
    assert set(made) == {"SECRET_KEY", "FIELD_KEYS"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secrets.env"]
