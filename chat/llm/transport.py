"""The HTTP client beneath the SDK: connections kept alive, time limits, and hanging up from another thread.

The one place to change when another HTTP transport is wanted: the client takes what `http_client` returns
and asks nothing of it but that it obeys the `Line` in effect.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import httpcore2
import httpx2

CONNECT_TIMEOUT_S = 5.0
KEEPALIVE_S = 30.0
MAX_IDLE_CONNECTIONS = 200
# The answer's head, and the whole body of an answer that is an error, which the SDK reads without a limit.
MAX_HEAD_BYTES = 256 * 1024


class Line:
    """One request's hold on the connection that it uses.

    Closing a socket does not wake a thread that is blocked in it; shutting it down does. The `Line` knows
    at every moment which socket that is, from the first byte sent on, so `hang_up` works before the answer
    begins too, and never touches a connection that went on to another request. While a connection is being
    made nothing can be hung up: that takes `CONNECT_TIMEOUT_S` at most.
    """

    def __init__(self, deadline: float) -> None:
        """`deadline`, on the clock of `time.monotonic()`, ends every wait on this line with a time-out."""
        self._deadline = deadline
        self._lock = threading.Lock()
        self._stream: LineStream | None = None
        self._hung_up = False
        self._head_bytes_left: int | None = MAX_HEAD_BYTES

    def hang_up(self) -> None:
        """Make whatever blocks on this line return at once, now and later. From any thread, any number of times."""
        with self._lock:
            self._hung_up = True
            stream = self._stream
        if stream is not None:
            stream.shut(self)

    def end_within(self, seconds: float) -> None:
        """Bring the deadline nearer."""
        self._deadline = min(self._deadline, time.monotonic() + seconds)

    def head_arrived(self) -> None:
        """What comes now is an answer, and may be as long as it likes."""
        self._head_bytes_left = None

    def take(self, stream: LineStream) -> None:
        with self._lock:
            self._stream = stream
            hung_up = self._hung_up
        if hung_up:
            stream.shut(self)

    def allowed_s(self, timeout_s: float | None) -> float:
        """How long one wait may last."""
        left_s = self._deadline - time.monotonic()
        if self._hung_up or left_s <= 0:
            raise httpcore2.ReadTimeout("the time for this request is over")
        # A moment longer than what is left: who is woken by this time-out finds the deadline passed.
        left_s += 0.01
        return left_s if timeout_s is None else min(timeout_s, left_s)

    def count(self, received: int) -> None:
        if self._head_bytes_left is not None:
            self._head_bytes_left -= received
            if self._head_bytes_left < 0:
                raise httpcore2.ReadError("too much came before an answer")


_current_line: ContextVar[Line | None] = ContextVar("current_line", default=None)


@contextlib.contextmanager
def using(line: Line) -> Iterator[None]:
    """Requests sent within the block are this line's. Their answers may be read after it."""
    token = _current_line.set(line)
    try:
        yield
    finally:
        _current_line.reset(token)


class LineStream(httpcore2.NetworkStream):
    """A connection that obeys the line of the request which wrote to it last."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream
        self._line: Line | None = None
        self._lock = threading.Lock()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        line = self._line
        if line is None:
            return self._stream.read(max_bytes, timeout)
        data = self._stream.read(max_bytes, line.allowed_s(timeout))
        line.count(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        line = _current_line.get()
        if line is not self._line:
            with self._lock:
                self._line = line
            if line is not None:
                line.take(self)
        self._stream.write(buffer, timeout if line is None else line.allowed_s(timeout))

    def shut(self, line: Line) -> None:
        """End the blocking calls of `line`, if this connection is still its."""
        with self._lock:
            if self._line is line:
                sock = self._stream.get_extra_info("socket")
                # The plain socket's shutdown: that of a TLS socket would also drop the TLS state in mid-read.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            self._line = None
            self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        line = _current_line.get()
        allowed_s = timeout if line is None else line.allowed_s(timeout)
        return LineStream(self._stream.start_tls(ssl_context, server_hostname, allowed_s))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class LineBackend(httpcore2.SyncBackend):
    """Connects; every connection it makes obeys lines."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        line = _current_line.get()
        allowed_s = timeout if line is None else line.allowed_s(timeout)
        return LineStream(super().connect_tcp(host, port, allowed_s, local_address, socket_options))


def http_client(read_timeout_s: float) -> httpx2.Client:
    """A client for many streams at once: as many connections as there are answers, kept alive between them.

    Proxies and certificates come from the environment, as the SDK's own client has it. Redirects are not
    followed: the key belongs to the configured endpoint alone.
    """
    client = httpx2.Client(
        timeout=timeouts(read_timeout_s),
        limits=httpx2.Limits(
            max_connections=None, max_keepalive_connections=MAX_IDLE_CONNECTIONS, keepalive_expiry=KEEPALIVE_S
        ),
        follow_redirects=False,
    )
    _obey_lines(client)
    return client


def timeouts(read_timeout_s: float) -> httpx2.Timeout:
    return httpx2.Timeout(read_timeout_s, connect=CONNECT_TIMEOUT_S)


def _obey_lines(client: httpx2.Client) -> None:
    """Give the client's connection pools our backend. httpx has no parameter for it, httpcore has."""
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx2.HTTPTransport):
            if not isinstance(transport._pool._network_backend, httpcore2.SyncBackend):
                raise TypeError("this version of httpx2 is built differently; see _obey_lines")
            transport._pool._network_backend = LineBackend()
