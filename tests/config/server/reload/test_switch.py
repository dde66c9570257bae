"""Servers that a switch refuses to reload."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.server import pid_file
from config.server.reload import running_master
from config.server.reload.refusal import SwitchRefused

from ..ordinary_user import as_ordinary_user


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


def test_a_server_in_another_container_is_left_alone(tmp_path: Path) -> None:
    run_dir = tmp_path / "data" / "run"
    with held(run_dir):
        (run_dir / "server.pid").write_text("1\n")
        with pytest.raises(SwitchRefused, match=r"runs in another container .+ Nothing was changed\.$"):
            running_master.find(tmp_path / "data")


def test_another_users_server_is_left_alone(tmp_path: Path) -> None:
    run_dir = tmp_path / "data" / "run"
    run_dir.mkdir(parents=True)
    run_dir.chmod(0)
    with (
        as_ordinary_user(),
        pytest.raises(
            SwitchRefused, match=r"belongs to another user; run the command as that user\. Nothing was changed\.$"
        ),
    ):
        running_master.find(tmp_path / "data")
    run_dir.chmod(0o700)
