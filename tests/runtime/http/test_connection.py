"""A connection whose parser waits in the loop for bytes, over real sockets."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import InvalidRequestLine, NoMoreData

from chat.runtime.http.bounds import Bounds, Refusal
from chat.runtime.http.connection import Connection
from chat.runtime.http.request_budget import BodyMemory
from chat.runtime.http.thread_slots import RequestKind

BODY = b'{"text": "Hello"}'
REQUEST = (
    b"POST /api/conversations/1/turns?x=1 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY)
) + BODY

Make = Callable[[], tuple[Connection, socket.socket]]


@pytest.fixture
def body_memory() -> BodyMemory:
    return BodyMemory()


@pytest.fixture
def make(body_memory: BodyMemory) -> Iterator[Make]:
    """Return a function that makes non-blocking connections, each with the client's end."""
    ends: list[Any] = []

    def make_pair() -> tuple[Connection, socket.socket]:
        near, far = socket.socketpair()
        near.setblocking(False)
        far.settimeout(30)
        ends.extend((near, far))
        return Connection(Config(), near, ("127.0.0.1", 1), ("127.0.0.1", 80), Bounds(30.0), body_memory), far

    yield make_pair
    for end in ends:
        end.close()


def test_a_request_that_is_there_is_whole_at_once(make: Make) -> None:
    connection, client = make()
    client.sendall(REQUEST)
    assert connection.begin() is True
    assert connection.routing_key == ("POST", "/api/conversations/1/turns", "text/event-stream")
    assert connection.request.body.read() == BODY
    assert connection.kind is RequestKind.SHORT


def test_a_request_without_an_accept_accepts_nothing_by_name(make: Make) -> None:
    connection, client = make()
    client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert connection.begin()
    assert connection.routing_key == ("GET", "/", "")


def test_a_request_is_the_same_byte_by_byte(make: Make) -> None:
    """The parser returns to the loop after each byte. Only the last byte completes the request."""
    connection, client = make()
    assert connection.begin() is False
    for at, byte in enumerate(REQUEST, 1):
        client.sendall(bytes([byte]))
        assert connection.read() is (at == len(REQUEST))
        if at < len(REQUEST):
            assert connection.read() is False  # nothing new: it does not wait
    assert connection.routing_key == ("POST", "/api/conversations/1/turns", "text/event-stream")
    assert connection.request.body.read() == BODY


def test_many_are_read_in_turns_by_one_thread(make: Make) -> None:
    pairs = [make() for _ in range(20)]
    for connection, _ in pairs:
        assert not connection.begin()
    for begin in range(0, len(REQUEST), 10):
        for _, client in pairs:
            client.sendall(REQUEST[begin : begin + 10])
        whole = [connection.read() for connection, _ in pairs]
    assert all(whole)
    assert {connection.request.body.read() for connection, _ in pairs} == {BODY}


@pytest.mark.parametrize("whole", [True, False])
def test_a_body_that_is_under_way_holds_room_until_its_end(make: Make, body_memory: BodyMemory, whole: bool) -> None:
    connection, client = make()
    connection.begin()
    client.sendall(REQUEST[: -len(BODY)])
    connection.read()
    client.sendall(BODY[:5])
    assert not connection.read()
    assert body_memory.size == 5
    if whole:
        client.sendall(BODY[5:])
        assert connection.read()
    else:
        connection.end()
    assert body_memory.size == 0
    connection.end()
    assert body_memory.size == 0


def test_a_client_that_goes_before_it_has_said_anything_is_no_fault(make: Make) -> None:
    connection, client = make()
    client.close()
    with pytest.raises((NoMoreData, StopIteration)):
        connection.begin()
    connection.end()


def test_a_body_that_ends_too_soon_is_refused(make: Make) -> None:
    connection, client = make()
    client.sendall(REQUEST[:-3])
    client.shutdown(socket.SHUT_WR)
    with pytest.raises(Refusal) as refused:
        for _ in range(5):
            connection.begin() if connection.request is None else connection.read()
    assert refused.value.response.startswith(b"HTTP/1.1 400 ")


def test_what_is_no_http_is_for_gunicorn_to_answer(make: Make) -> None:
    connection, client = make()
    client.sendall(b"Hello!\r\n\r\n")
    with pytest.raises(InvalidRequestLine):
        connection.begin()


@pytest.mark.parametrize(("sent", "expected"), [(b"", NoMoreData), (b"GET / HT", Refusal)])
def test_one_that_is_given_up_is_refused_if_it_has_begun(make: Make, sent: bytes, expected: type[Exception]) -> None:
    connection, client = make()
    client.sendall(sent)
    connection.begin()
    with pytest.raises(expected):
        connection.give_up()
    connection.end()


def test_one_that_never_began_to_be_read_can_be_ended(make: Make) -> None:
    connection, _ = make()
    connection.end()


def test_who_asks_whether_to_go_on_is_answered_from_the_loop(make: Make) -> None:
    connection, client = make()
    client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert not connection.begin()
    assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"{}")
    assert connection.read()


def test_a_thread_sends_through_it_and_gives_up_who_takes_nothing() -> None:
    near, far = socket.socketpair()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)
    with near, far:
        connection = Connection(Config(), near, ("127.0.0.1", 1), ("127.0.0.1", 80), Bounds(0.1), BodyMemory())
        assert connection.sock.send(b"Hello") == 5
        assert far.recv(10) == b"Hello"
        assert connection.sock.fileno() == near.fileno()
        with pytest.raises(TimeoutError):
            connection.sock.sendall(b"x" * 5_000_000)
