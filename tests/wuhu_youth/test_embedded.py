"""The embedded servers: joined by several processes, stopped by the last, whatever way each of them ends."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wuhu_youth import embedded
from wuhu_youth.embedded import Place

_USER = """
    import sys, time
    from pathlib import Path
    from wuhu_youth import embedded
    embedded.join(embedded.Place(Path(sys.argv[1])))
    print("joined", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A folder of its own; the database in it is made once for the module."""
    made = Place(tmp_path_factory.mktemp("a-folder-whose-name-is-so-long-that-no-socket-fits-" + "x" * 40))
    yield made
    embedded.stop(made, immediately=True)


@pytest.fixture
def use(place: Place) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Starts a process that uses the servers until its standard input is closed."""
    with contextlib.ExitStack() as stack:

        def start() -> "subprocess.Popen[str]":
            arguments = [sys.executable, "-c", textwrap.dedent(_USER), str(place.root)]
            process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


def joined(*users: "subprocess.Popen[str]") -> None:
    for user in users:
        assert user.stdout is not None
        assert user.stdout.readline() == "joined\n"


def end(user: "subprocess.Popen[str]") -> None:
    assert user.stdin is not None
    user.stdin.close()
    assert user.wait(30) == 0


def running(place: Place) -> list[str]:
    processes = (embedded._postgres_process(place), embedded._redis_process(place))
    return [process.name() for process in processes if process]


def test_processes_that_start_at_once_share_one_pair_of_servers_and_the_last_stops_them(place, use):
    users = [use() for _ in range(3)]
    joined(*users)
    assert running(place) == ["postgres", "redis-server"]
    with contextlib.closing(place.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT version(), cardinality(show_trgm('张小海')) > 0")
        version, is_searchable = cursor.fetchone()
    assert version.startswith("PostgreSQL 18")
    assert is_searchable

    for user in users[:2]:
        end(user)
    assert running(place) == ["postgres", "redis-server"]
    end(users[2])
    assert running(place) == []


def test_a_user_that_was_killed_does_not_keep_the_servers_from_being_stopped(place, use):
    lost = use()
    joined(lost)
    lost.send_signal(signal.SIGKILL)
    lost.wait(10)
    assert running(place) == ["postgres", "redis-server"]

    finder = use()
    joined(finder)
    end(finder)
    assert running(place) == []


def test_ctrl_c_in_the_terminal_does_not_reach_the_servers(place, use):
    user = use()
    joined(user)
    groups = {os.getpgid(process.pid) for process in embedded_processes(place)}
    assert os.getpgid(user.pid) not in groups
    end(user)


def embedded_processes(place: Place) -> list:
    return [
        process for process in (embedded._postgres_process(place), embedded._redis_process(place)) if process
    ]


def test_nobody_else_on_the_machine_may_enter_the_folder_of_the_sockets(place, use):
    user = use()
    joined(user)
    assert place.sockets.stat().st_mode & 0o077 == 0
    assert place.data.stat().st_mode & 0o077 == 0
    assert not place.sockets.is_relative_to(place.root), "the path was to be too long for a socket"
    end(user)


def test_data_of_another_postgresql_are_refused_with_a_message(tmp_path: Path):
    other = Place(tmp_path)
    other.data.mkdir()
    (other.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(embedded.EmbeddedError, match="PostgreSQL 17 的数据"):
        embedded.ensure_postgres(other)


def test_a_leftover_pid_file_that_names_another_process_is_not_believed(tmp_path: Path):
    other = Place(tmp_path)
    other.data.mkdir()
    (other.data / "postmaster.pid").write_text(f"{os.getpid()}\n{other.data}\n")
    started = time.monotonic()
    embedded.stop(other)
    assert time.monotonic() - started < 5
