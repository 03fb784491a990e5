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


# --- Keys from a file, ciphers, the browser's side


def key_file(
    tmp_path, mode=0o600, text=f"# made 2026-11\n1:{'ab' * 32}\nindex:{'cd' * 32}  # never rotated\n"
):
    file = tmp_path / "keys"
    file.write_text(text)
    file.chmod(mode)
    return {"FIELD_KEYS": None, "FIELD_KEYS_FILE": str(file)}


def test_keys_may_stand_in_a_file_of_their_owner(tmp_path):
    shown = loaded(key_file(tmp_path), "settings.FIELD_KEYS").stdout
    assert shown == f"{COMPLETE['FIELD_KEYS']}\n"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_of_keys_that_others_may_read_stops_the_start(tmp_path, mode):
    result = loaded(key_file(tmp_path, mode))
    assert result.returncode != 0
    assert "FIELD_KEYS_FILE" in result.stderr
    assert "chmod 600" in result.stderr
    assert "ab" * 32 not in result.stderr


def test_a_file_of_keys_that_is_not_there_or_no_file_stops_the_start(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        result = loaded({"FIELD_KEYS": None, "FIELD_KEYS_FILE": str(path)})
        assert "FIELD_KEYS_FILE：读不到" in result.stderr


def test_keys_in_two_places_stop_the_start(tmp_path):
    result = loaded({**key_file(tmp_path), "FIELD_KEYS": COMPLETE["FIELD_KEYS"]})
    assert "只能设置一个" in result.stderr


@pytest.mark.parametrize("name", ["FIELD_CIPHER", "INDEX_HASH", "SECOND_FACTOR", "SECOND_FACTOR_HASH"])
def test_a_choice_that_is_none_stops_the_start_and_names_the_choices(name):
    result = loaded({name: "des"})
    assert result.returncode != 0
    assert f"{name} 只能是" in result.stderr


def test_a_second_factor_is_asked_for_outside_the_demo():
    assert loaded({}, "settings.SECOND_FACTOR").stdout == "on\n"
    assert loaded({"SECOND_FACTOR": "off"}, "settings.SECOND_FACTOR").stdout == "off\n"


def test_cookies_are_bound_to_this_host():
    shown = loaded({}, "(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)").stdout
    assert shown == "('__Host-session', '__Host-csrftoken')\n"


def test_djangos_own_check_of_a_deployment_finds_nothing():
    result = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        env={"PATH": os.environ["PATH"], **COMPLETE, "SECRET_KEY": "x1" * 40 + "abcdefghij"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
