"""The processes that serve: gunicorn and a Celery worker as in production, ended with the block."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

from django.conf import settings

START_SECONDS = 60
STOP_SECONDS = 10
HOST = "127.0.0.1"
# What a proxy that ends TLS tells of a request.
FROM_PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-For": HOST}


class DidNotStart(RuntimeError):
    """A process of the bench ended, or did not answer in time; the message holds the end of its log."""


@contextlib.contextmanager
def web(folder: Path) -> Iterator[int]:
    """gunicorn with the project's configuration on a free loopback port; yields the port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    with _running(["gunicorn", "--bind", f"{HOST}:{port}"], folder / "web.log") as process:
        _wait(lambda: _answers(port), process, folder / "web.log")
        yield port


@contextlib.contextmanager
def worker(folder: Path) -> Iterator[None]:
    """A Celery worker that has said it is ready."""
    log = folder / "worker.log"
    arguments = ["celery", "--app", "wuhu_youth", "worker", "--concurrency", "2", "--loglevel", "INFO"]
    arguments += ["--without-gossip", "--without-mingle"]
    with _running(arguments, log, LOG_LEVEL="INFO") as process:
        _wait(lambda: "ready" in log.read_text(errors="replace"), process, log)
        yield


@contextlib.contextmanager
def _running(arguments: list[str], log: Path, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own programs, by list
            [sys.executable, "-m", *arguments],
            cwd=settings.BASE_DIR,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(answers: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise DidNotStart(f"{log}:\n{tail}")
        time.sleep(0.1)


def _answers(port: int) -> bool:
    try:
        connection = HTTPConnection(HOST, port, timeout=5)
        connection.request("GET", "/healthz", headers=FROM_PROXY)
        return connection.getresponse().status == 200
    except OSError:
        return False
