"""Responses that wait for their clients, and those that still have a slot."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from gunicorn.config import Config

from chat.runtime.http.bounds import Bounds
from chat.runtime.http.connection import Connection
from chat.runtime.http.request_budget import BodyMemory
from chat.runtime.http.responses import Responses
from scripts.kit.waiting import wait_until

LONG_S = 30.0


@pytest.fixture
def make() -> Iterator[Callable[[], Connection]]:
    ends: list[socket.socket] = []

    def make_connection() -> Connection:
        near, far = socket.socketpair()
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)
        ends.extend((near, far))
        return Connection(Config(), near, ("127.0.0.1", 1), ("127.0.0.1", 80), Bounds(LONG_S), BodyMemory())

    yield make_connection
    for end in ends:
        end.close()


def test_an_answer_that_is_not_taken_is_seen_and_can_be_ended(make: Callable[[], Connection]) -> None:
    answers, connection, other = Responses(), make(), make()
    failed: list[OSError] = []
    waits: list[Connection] = []
    connection.on_wait = lambda: waits.append(connection)

    def answer() -> None:
        connection.sock.sendall(b"taken")
        try:
            connection.sock.sendall(b"x" * 5_000_000)
        except OSError as error:
            failed.append(error)

    for each in (connection, other):
        answers.begin(each)
    assert answers.blocked(time.monotonic()) == []
    thread = threading.Thread(target=answer)
    thread.start()
    wait_until(lambda: answers.blocked(time.monotonic() - 0.1) == [connection], timeout_s=LONG_S)
    assert waits == [connection]
    connection.abandon()
    thread.join(LONG_S)
    assert len(failed) == 1
    assert not isinstance(failed[0], TimeoutError)
    # It is ended once.
    assert answers.blocked(time.monotonic()) == []


def test_an_answer_that_is_taken_waits_for_nobody(make: Callable[[], Connection]) -> None:
    answers, connection = Responses(), make()
    answers.begin(connection)
    connection.sock.sendall(b"Hello")
    assert answers.blocked(time.monotonic() + LONG_S) == []


def test_the_longest_wait_is_the_first_and_what_has_ended_is_none(make: Callable[[], Connection]) -> None:
    answers, connections = Responses(), [make() for _ in range(4)]
    for since, connection in zip((30.0, 10.0, 20.0, 0.0), connections, strict=True):
        answers.begin(connection)
        connection.sending_since = since
    assert answers.blocked(25.0) == [connections[1], connections[2]]
    assert answers.blocked(40.0) == [connections[1], connections[2], connections[0]]
    answers.end(connections[1])
    assert answers.blocked(40.0) == [connections[2], connections[0]]


def test_those_without_a_place_are_known_until_they_end(make: Callable[[], Connection]) -> None:
    answers, connections = Responses(), [make() for _ in range(3)]
    for connection in connections:
        answers.begin(connection)
        answers.release_slot(connection)
    assert answers.without_slot() == connections
    assert all(connection.slot_released for connection in connections)
    connections[0].abandon()
    answers.end(connections[1])
    assert answers.without_slot() == [connections[2]]
