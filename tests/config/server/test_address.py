"""Addresses at which a server cannot listen, and the sentence about each."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.server import address


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_a_free_port_is_not_refused() -> None:
    assert address.listen_error([("127.0.0.1", 0), "/run/a.sock", 3]) == ""


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("no.such.host.invalid", "set HOST to an address of this machine"),
        ("x" * 70 + ".invalid", "set HOST to an address of this machine"),
        ("192.0.2.1", "set HOST to an address of this machine"),
        ("2001:db8::1", "cannot listen on [2001:db8::1]:5000 ("),
    ],
)
def test_a_host_that_is_not_this_machine(host: str, sentence: str) -> None:
    assert sentence in address.listen_error([(host, 5000)])


def test_a_port_in_use(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    assert f"another PORT (PORT={port + 1})" in address.listen_error([("127.0.0.1", port)])


def test_a_port_for_root(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert "a PORT below 1024 takes root" in address.listen_error([("127.0.0.1", 80)])


def test_orphans_are_given_time_to_close_their_sockets(listener: socket.socket, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as orphan:
        (tmp_path / f"{orphan.pid}.json").touch()
        threading.Timer(0.3, listener.close).start()
        assert address.listen_error_after_orphans([listener.getsockname()], tmp_path) == ""
        assert orphan.stdin
        orphan.stdin.close()


def test_nobody_waits_for_a_stranger(listener: socket.socket, tmp_path: Path) -> None:
    (tmp_path / f"{2**22 + 1}.json").touch()
    (tmp_path / "x.json").touch()
    began_at = time.monotonic()
    assert "cannot listen on" in address.listen_error_after_orphans([listener.getsockname()], tmp_path)
    assert time.monotonic() - began_at < 2
