"""Servers that a switch leaves alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.mode import SYNC
from config.server import pid_file
from config.server.reload import switch
from config.server.reload.refusal import SwitchRefused


@contextmanager
def held(run_dir: Path) -> Iterator[None]:
    """A master's pid file, locked by a child process: one process cannot both lock and test it."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        pid_file.PidFile().acquire(run_dir)
        os.write(writer, b"x")
        os.close(writer)
        while True:
            signal.pause()
    assert os.read(reader, 1) == b"x"
    try:
        yield
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)


def test_a_server_in_another_container_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir = tmp_path / "data" / "run"
    monkeypatch.setattr(switch.running_master, "environment", lambda pid="self": {"DATA_DIR": str(tmp_path / "data")})
    monkeypatch.setattr(switch, "ENV_FILE", tmp_path / ".env")
    with held(run_dir):
        (run_dir / "server.pid").write_text("1\n")
        with pytest.raises(SwitchRefused, match=r"runs in another container .+ Nothing was changed\.$"):
            switch.switch(SYNC, print)
    assert not (tmp_path / ".env").exists()


def test_another_users_server_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch.running_master, "environment", lambda pid="self": {"DATA_DIR": str(tmp_path / "data")})
    monkeypatch.setattr(switch, "ENV_FILE", tmp_path / ".env")

    def closed(run_dir: Path) -> int:
        raise PermissionError(13, "Permission denied", str(run_dir))

    monkeypatch.setattr(pid_file, "master", closed)
    with pytest.raises(SwitchRefused, match=r"is another user's; be that user\. Nothing was changed\.$"):
        switch.switch(SYNC, print)
    assert not (tmp_path / ".env").exists()
