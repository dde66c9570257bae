"""Sending to clients that read slowly or not at all, over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from chat.runtime.http.sending import reset, send_all

LONG_S = 30.0
DATA = bytes(range(256)) * 1_000


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return a socket pair with small buffers."""
    near, far = socket.socketpair()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)
    far.settimeout(LONG_S)
    with near, far:
        yield near, far


def test_all_of_it_arrives_however_long_it_takes_as_long_as_it_is_taken(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    """Sending takes longer than the timeout in total, but each step takes less."""
    near, far = pair
    received = bytearray()

    def read_slowly() -> None:
        while len(received) < len(DATA):
            received.extend(far.recv(65_536))
            time.sleep(0.05)

    taker = threading.Thread(target=read_slowly)
    taker.start()
    since = time.monotonic()
    send_all(near, DATA, timeout_s=0.3)
    taker.join(LONG_S)
    assert bytes(received) == DATA
    assert time.monotonic() - since > 0.3


def test_one_that_takes_nothing_is_given_up(pair: tuple[socket.socket, socket.socket]) -> None:
    near, _ = pair
    since = time.monotonic()
    with pytest.raises(TimeoutError):
        send_all(near, DATA, timeout_s=0.2)
    assert time.monotonic() - since >= 0.19


def test_one_that_stops_taking_in_the_middle_is_given_up(pair: tuple[socket.socket, socket.socket]) -> None:
    near, far = pair
    taker = threading.Thread(target=far.recv, args=(50_000,))
    taker.start()
    with pytest.raises(TimeoutError):
        send_all(near, DATA, timeout_s=0.2)
    taker.join(LONG_S)


def test_a_socket_that_says_it_has_sent_nothing_is_given_up_too(pair: tuple[socket.socket, socket.socket]) -> None:
    """A TLS socket may report this."""
    near, _ = pair

    class Stuck:
        sent = 0

        def fileno(self) -> int:
            return near.fileno()

        def settimeout(self, _timeout_s: float) -> None:
            pass

        def send(self, _data: memoryview) -> int:
            self.sent += 1
            return 3 if self.sent == 1 else 0

    with pytest.raises(TimeoutError):
        send_all(Stuck(), b"Hello", timeout_s=0.05)


class ReadBetween:
    """A TCP socket. While a `send` waits, its client reads the amounts of a list, in 64 KiB."""

    def __init__(self, near: socket.socket, far: socket.socket, reads: list[int]) -> None:
        self.near, self.far, self.reads = near, far, reads
        self.fileno = near.fileno

    def settimeout(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s

    def send(self, data: memoryview) -> int:
        try:
            return self.near.send(data)
        except BlockingIOError:
            time.sleep(self.timeout_s)
            for _ in range(self.reads.pop(0) if self.reads else 0):
                self.far.recv(65_536, socket.MSG_WAITALL)
            raise TimeoutError from None


def test_a_client_that_reads_too_little_for_the_next_send_is_not_given_up() -> None:
    """The system lets a program send again only when a third of its buffer is free."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as far:
        near, _ = server.accept()
        near.setblocking(False)
        slow = ReadBetween(near, far, [8] * 12)
        since = time.monotonic()
        with near, pytest.raises(TimeoutError):
            send_all(slow, bytes(2**26), timeout_s=0.2)
    assert slow.reads == []
    assert time.monotonic() - since >= 12 * 0.05 + 0.2


def test_nothing_is_sent_at_once(pair: tuple[socket.socket, socket.socket]) -> None:
    near, far = pair
    send_all(near, b"", timeout_s=0.2)
    near.close()
    assert far.recv(10) == b""


def test_a_dropped_connection_is_reset_and_what_was_not_taken_is_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        accepted.setblocking(False)
        accepted.send(DATA)
        client.settimeout(LONG_S)
        reset(accepted)
        reset(accepted)  # closed already: no error
        with pytest.raises(ConnectionResetError):
            while client.recv(4_096):
                pass
