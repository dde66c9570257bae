"""Acceptance of connections: the queue of a listening socket, and a worker's share of it."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

import pytest

from chat.runtime.accept import accepts_per_round, pending_connections
from scripts.kit.waiting import wait_until


def test_the_connections_that_wait_are_counted() -> None:
    with contextlib.ExitStack() as opened:
        listener = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
        assert pending_connections(listener) == 0
        for _ in range(5):
            opened.enter_context(socket.create_connection(listener.getsockname()))
        wait_until(lambda: pending_connections(listener) == 5)  # the last handshake may end a moment later
        for _ in range(2):
            opened.enter_context(listener.accept()[0])
        assert pending_connections(listener) == 3


def test_a_socket_whose_queue_is_unknown_counts_as_empty(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(os.fspath(tmp_path / "socket"))
        listener.listen()
        client.connect(os.fspath(tmp_path / "socket"))
        assert pending_connections(listener) == 0


def test_a_system_without_such_counts_has_empty_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "TCP_INFO")
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        assert pending_connections(listener) == 0


@pytest.mark.parametrize(
    ("pending", "workers", "accepts"),
    [(0, 2, 1), (1, 2, 1), (4, 2, 1), (5, 2, 2), (20, 2, 5), (64, 2, 16), (5000, 2, 16), (3, 1, 2), (4, 32, 1)],
)
def test_a_worker_accepts_half_of_its_share(pending: int, workers: int, accepts: int) -> None:
    assert accepts_per_round(pending, workers) == accepts
