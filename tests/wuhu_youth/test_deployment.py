"""The files that put the site into service hold together: containers, locked packages, the build."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).resolve().parents[2]
SERVICES = {"database", "redis", "migrate", "web", "worker", "beat"}
SECRETS = ("SECRET_KEY", "FIELD_KEYS", "DATABASE_PASSWORD", "ALLOWED_HOSTS")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((TOP / "docker-compose.yml").read_text())


def test_every_part_is_there_and_each_lasting_one_is_watched(compose):
    assert set(compose["services"]) == SERVICES
    unwatched = {name for name, service in compose["services"].items() if "healthcheck" not in service}
    assert unwatched == {"migrate"}


def test_the_versions_are_those_the_product_is_tested_with(compose):
    assert compose["services"]["database"]["image"].startswith("postgres:18")
    assert compose["services"]["redis"]["image"].startswith("redis:7")
    assert "C.UTF-8" in compose["services"]["database"]["environment"]["POSTGRES_INITDB_ARGS"]


def test_secrets_come_from_the_environment_and_their_absence_stops_compose(compose):
    for name in ("migrate", "web", "worker", "beat"):
        environment = compose["services"][name]["environment"]
        for secret in ("SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS"):
            assert f"${{{secret}:?" in environment[secret]
        assert "${DATABASE_PASSWORD:?" in environment["DATABASE_URL"]
        assert "DEBUG" not in environment


def test_the_site_starts_after_its_tables_are_up_to_date_and_is_not_open_to_the_network(compose):
    for name in ("web", "worker", "beat"):
        assert (
            compose["services"][name]["depends_on"]["migrate"]["condition"]
            == "service_completed_successfully"
        )
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:8000:8000"]


@pytest.mark.parametrize("program", [["docker-compose"], ["docker", "compose"]], ids=" ".join)
def test_compose_itself_accepts_the_file(program):
    if (
        not shutil.which(program[0])
        or subprocess.run([*program, "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip(f"{' '.join(program)} is not on this machine")
    environment = {**os.environ, **dict.fromkeys(SECRETS, "x")}
    done = subprocess.run(
        [*program, "config", "--quiet"], cwd=TOP, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_locked_packages_have_exact_versions_and_hashes_and_name_no_address(file):
    text = (TOP / file).read_text()
    packages = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(packages) > 30
    assert [package for package in packages if not re.match(r"[a-z0-9.\-]+==\S+", package)] == []
    assert [package for package in packages if "--hash=sha256:" not in package] == []
    assert "://" not in text
    assert "index-url" not in text


def locked(file: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.\-]+)==(\S+)", (TOP / file).read_text(), re.MULTILINE))


def test_tests_run_with_the_very_packages_that_serve():
    serving, testing = locked("requirements.txt"), locked("requirements-dev.txt")
    assert {name: testing.get(name) for name in serving} == serving
    assert {"pytest", "ruff", "mypy", "playwright"} <= testing.keys() - serving.keys()


def test_the_image_installs_by_hash_and_does_not_run_as_root():
    lines = (TOP / "Dockerfile").read_text()
    assert "--require-hashes -r requirements.txt" in lines
    assert re.search(r"^USER (?!root)\w+$", lines, re.MULTILINE)
    assert {".venv", "var", ".git"} <= set((TOP / ".dockerignore").read_text().split())


def test_the_build_runs_the_tests():
    script = TOP / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().endswith("make test")


def test_the_makefile_needs_no_more_than_make():
    done = subprocess.run(
        ["make", "--dry-run", "demo", "test"], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "wuhu_youth.demo" in done.stdout
    assert "pytest" in done.stdout
