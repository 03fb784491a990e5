"""`make demo` refuses to start twice, or on a port that is taken, and says so in Chinese."""

import re
import signal
import socket
from pathlib import Path

import pytest

from wuhu_youth import demo


def test_a_demo_that_already_runs_is_named_and_no_second_one_starts(monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "VAR", tmp_path)
    monkeypatch.setenv("PORT", "8765")
    with (
        demo._only_one(),
        pytest.raises(demo.Refused, match=r"演示已经在运行（http://127\.0\.0\.1:8765/，进程 \d+）"),
        demo._only_one(),
    ):
        pytest.fail("a second demo started")
    with demo._only_one():
        pass


def test_a_port_that_is_taken_is_named_with_a_way_out(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        with pytest.raises(demo.Refused, match=f"端口 {port} 已被其他程序占用.*PORT={port + 1}"):
            demo._free_port()


def test_a_refused_start_ends_with_a_status_and_a_message(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(demo, "VAR", tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))
        assert demo.main() == 1
    assert "已被其他程序占用" in capsys.readouterr().err


def test_the_readme_names_the_whole_cast():
    readme = (Path(demo.__file__).parent.parent / "README.md").read_text()
    logins = [login for login, _, _ in demo.CAST if login.isascii()]
    assert len(logins) == 12
    assert [login for login in logins if not re.search(rf"`{login}`", readme)] == []
