"""`make demo`: the whole product on this machine, from nothing, until Ctrl-C.

Starts or joins the embedded servers, migrates, builds the sample city on the first run, then runs the web server, a
Celery worker and beat as children, and ends them all with itself. Everything it writes lies under var/.
"""

import contextlib
import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from wuhu_youth import embedded

VAR = embedded.VAR
LOGS = VAR / "log"
ADDRESS = "127.0.0.1"
# What a person may have set for another installation: the demo has its own servers, secrets and rules.
_NOT_OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "FIELD_KEYS",
    "ALLOWED_HOSTS",
    "DEBUG",
    "TESTING",
    "PROXY_COUNT",
)

ANSWER_SECONDS = 60
# A worker may be in the middle of a task: it is asked, asked again, and then ended. Tasks can be repeated.
GENTLE_SECONDS = 8

CAST = (
    ("city", "团市委", "看全市，批准数据批次"),
    ("jiujiang", "鸠江区团委", "看全区，上传公安等部门数据"),
    ("fanchang", "繁昌区团委", "看全区"),
    ("wanli", "湾里街道团干", "看全街道"),
    ("huaqiang", "杨颖", "华强社区团委书记，走访社区的七个网格"),
    ("wangshanshan", "汪珊珊", "网格员"),
    ("lizhiyuan", "李志远", "法律援助中心，答复发来的转介"),
    ("minzheng", "鸠江区民政局", "另一个协作单位，只看到自己的一份"),
    ("centre", "市民服务中心", "查人房，不看青少年档案"),
    ("sysadmin", "系统管理员", "区划、网格、类别等设置"),
    ("security", "安全管理员", "用户与任职"),
    ("auditor", "审计员", "查阅记录"),
    ("g + 网格编码", "其余各网格的网格员", "如 g340207004006001"),
)


class Stopped(BaseException):
    """Ctrl-C, or a request to end. Not an Exception, so that nothing on the way takes it for an error."""


class Refused(Exception):
    """The demo cannot start; the message, in Chinese, says why and what to do."""


@dataclass
class Part:
    """One of the demo's own processes, with the log it writes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def main() -> int:
    """Run the demo. Returns the exit status: 0 when ended by a person, 1 when it could not start or a part died."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    parts: list[Part] = []
    try:
        with _only_one():
            try:
                port = _free_port()
                _prepare()
                parts += _start_parts(port)
                _wait_until_it_answers(port, parts)
                _greet(port)
                _watch(parts)
            finally:
                _ignore_signals()
                if parts:
                    print("\n正在结束……", flush=True)
                _stop_parts(parts)
                embedded.leave()
    except Stopped:
        print("演示已结束。", flush=True)
        return 0
    except (Refused, embedded.EmbeddedError) as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    _ignore_signals()
    raise Stopped


def _ignore_signals() -> None:
    """While ending: a second Ctrl-C must not leave half of the processes behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


# --- Before it starts


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Hold the demo's lock; refuse when another demo of this folder holds it."""
    file = VAR / "run" / "demo.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            where = lock.read().strip() or "另一个窗口"
            raise Refused(
                f"演示已经在运行（{where}），没有再启动一个。要重新启动，请先在那个窗口按 Ctrl-C。"
            ) from None
        lock.truncate(0)
        lock.write(f"http://{ADDRESS}:{_port()}/，进程 {os.getpid()}")
        lock.flush()
        yield


def _port() -> int:
    return int(os.environ.get("PORT") or 8000)


def _free_port() -> int:
    """The port of the site. Raises Refused when another program has it."""
    port = _port()
    with socket.socket() as probe:
        # As the web server does: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            raise Refused(
                f"端口 {port} 已被其他程序占用。请先结束那个程序，或换一个端口：make demo PORT={port + 1}"
            ) from None
    return port


def _prepare() -> None:
    """Servers, tables, the sample city, static files: each only as far as it is missing."""
    for name in _NOT_OURS:
        os.environ.pop(name, None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "wuhu_youth.settings"
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    _say("启动内置数据库和消息服务")
    embedded.join()

    import django
    from django.core.management import call_command

    django.setup()
    _say("更新数据表")
    call_command("migrate", interactive=False, verbosity=0)

    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.db import connections

    from grids.passwords import demo_password

    demo_password(settings.VAR / "demo-password")
    # The city is built in one transaction, so its people are there with all of it or not at all.
    if not get_user_model().objects.filter(username="wangshanshan").exists():
        _say("建造示例城市（约十秒，仅第一次）")
        call_command("build_city", scale=0.01, seed=7)
    _collect_static(settings.STATIC_ROOT)
    connections.close_all()


def _collect_static(target: Path) -> None:
    """Collect when a source or a locked package changed since the last time."""
    from django.core.management import call_command

    digest = hashlib.sha256((embedded.BASE_DIR / "requirements.txt").read_bytes())
    for path in sorted((embedded.BASE_DIR / "static").rglob("*")):
        digest.update(f"{path} {path.stat().st_mtime_ns}".encode())
    stamp = target.with_name("static.sha256")
    if stamp.exists() and stamp.read_text() == digest.hexdigest() and (target / "staticfiles.json").exists():
        return
    _say("整理静态文件")
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(digest.hexdigest())


def _say(text: str) -> None:
    print(f"· {text}……", flush=True)


# --- While it runs


def _start_parts(port: int) -> list[Part]:
    web = ["gunicorn", "--bind", f"{ADDRESS}:{port}", "--graceful-timeout", "5"]
    celery = ["celery", "--app", "wuhu_youth"]
    worker = [*celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "--schedule", str(VAR / "run" / "beat"), "--pidfile", ""]
    return [_start_part(*named) for named in (("web", web), ("worker", worker), ("beat", beat))]


def _start_part(name: str, arguments: list[str]) -> Part:
    """Start a process in a session of its own, so that Ctrl-C reaches only us and we end it in order."""
    log = LOGS / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=embedded.BASE_DIR,
            env={**os.environ, "LOG_LEVEL": "INFO"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=embedded.die_with_parent,  # noqa: PLW1509 - no threads run at this point
        )
    return Part(name, process, log)


def _wait_until_it_answers(port: int, parts: list[Part]) -> None:
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        _refuse_if_dead(parts)
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"http://{ADDRESS}:{port}/healthz", timeout=5).close()
            return
        time.sleep(0.1)
    raise Refused(f"网站没有在 {ANSWER_SECONDS} 秒内应答，见 {LOGS}/web.log")


def _refuse_if_dead(parts: list[Part]) -> None:
    for part in parts:
        if part.process.poll() is not None:
            tail = "\n".join(part.log.read_text(errors="replace").splitlines()[-15:])
            raise Refused(f"{part.name} 意外结束（见 {part.log}）：\n{tail}")


def _greet(port: int) -> None:
    """Print where the site is, who can sign in, and where the password is kept."""
    print(f"\n芜湖市重点青少年服务平台（演示，人物均为虚构）  http://{ADDRESS}:{port}/\n")
    print("  登录名            谁、做什么")
    for login, who, does in CAST:
        width = sum(2 if ord(character) > 127 else 1 for character in login)
        print(f"  {login}{' ' * (18 - width)}{who}：{does}")
    print("\n所有人的密码相同，在 var/demo-password 中。日志在 var/log/。按 Ctrl-C 结束。", flush=True)


def _watch(parts: list[Part]) -> None:
    """Until Ctrl-C. Raises Refused when a part dies: a demo that is half dead would only puzzle."""
    while True:
        time.sleep(0.5)
        _refuse_if_dead(parts)


def _stop_parts(parts: list[Part]) -> None:
    for number, seconds in ((signal.SIGTERM, GENTLE_SECONDS), (signal.SIGQUIT, 4), (signal.SIGKILL, 4)):
        for part in parts:
            if part.process.poll() is None:
                part.process.send_signal(number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(part.process.poll() is None for part in parts):
            time.sleep(0.05)
    for part in parts:
        # What a part left behind in its session, when it had to be killed.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(part.process.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
