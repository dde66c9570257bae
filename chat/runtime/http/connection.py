"""A connection of a gthread worker: read by the loop, answered by a thread."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any

from greenlet import greenlet  # type: ignore[import-untyped]
from gunicorn import http

from chat.runtime.http.bounds import Bounds
from chat.runtime.http.request_budget import BodyMemory, RequestBudget, read_body
from chat.runtime.http.sending import send_all
from chat.runtime.http.thread_slots import RequestKind


class Connection:
    """`sock`, `client` and `server` by gunicorn's names. `request` is gunicorn's, once its head is there."""

    def __init__(self, config: Any, sock: Any, client: Any, server: Any, bounds: Bounds, memory: BodyMemory) -> None:
        self.plain = sock
        self.client = client
        self.server = server
        self.budget = RequestBudget(bounds, memory)
        self.since = time.monotonic()
        self.sock: Any = _ParserSocket(self, bounds)
        self.request: Any = None
        self.lane = RequestKind.SHORT
        self.abandoned = False
        # Since when a thread has been waiting for the client to take what it sends; 0 while it does not.
        self.sending_since = 0.0
        # Called by that thread as the wait begins.
        self.on_wait: Callable[[], None] = _nothing
        # Whether its place in the lane is somebody else's already.
        self.slot_released = False
        self.taken_at_end = 0
        self._config = config
        self._bounds = bounds
        self._wanted = 0
        self._parser = greenlet(self._parse)

    @property
    def asked(self) -> tuple[str, str, str]:
        """Method, path and what is accepted."""
        accepted = next((value for name, value in self.request.headers if name == "ACCEPT"), "")
        return self.request.method, self.request.path, accepted

    def begin(self) -> bool:
        """Have the parser begin, and read what there is. Returns whether the request is whole.

        Raises, as `read` does, what gunicorn's parser raises, and Refusal.
        """
        self._parser.switch()
        return self.read()

    def read(self) -> bool:
        """Hand the parser what has come."""
        try:
            data = self.plain.recv(self._wanted)
        except BlockingIOError:
            return False
        self._parser.switch(data)
        return bool(self._parser.dead)

    def abandon(self) -> None:
        """End an answer that is not taken: the thread that sends it fails at once."""
        self.abandoned = True
        with contextlib.suppress(OSError):
            self.plain.shutdown(socket.SHUT_RDWR)

    def give_up(self) -> bool:
        """It is too late. Raises Refusal, or NoMoreData where nothing has come."""
        self.budget.raise_timeout()
        return False

    def end(self) -> None:
        """No more of it is read."""
        self.budget.end()
        if self._parser and not self._parser.dead:
            self._parser.throw()

    def _parse(self) -> None:
        self.request = next(http.get_parser(self._config, self.sock, self.client))
        read_body(self.request, self.sock, self._bounds)
        self.budget.end()

    def next_bytes(self, size: int) -> bytes:
        """Called by the parser: leave it until the loop has some."""
        self._wanted = size
        loop = greenlet.getcurrent().parent
        return self.budget.count(loop.switch())


def _nothing() -> None:
    pass


class _ParserSocket:
    """The connection's socket, as gunicorn's parser and responses use it. What is not here is the socket's own."""

    def __init__(self, connection: Connection, bounds: Bounds) -> None:
        self._connection = connection
        self._sock = connection.plain
        self._patience_s = bounds.request_s
        self.budget = connection.budget

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def recv(self, size: int) -> bytes:
        return self._connection.next_bytes(size)

    def sendall(self, data: bytes) -> None:
        if self._sock.gettimeout() == 0:  # in the loop, which does not wait
            self._sock.send(data)
            return
        try:
            sent = self._sock.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._send_rest(memoryview(data)[sent:])

    def _send_rest(self, data: memoryview) -> None:
        connection = self._connection
        connection.sending_since = time.monotonic()
        connection.on_wait()
        send_all(self._sock, data, self._patience_s)
        connection.sending_since = 0.0
        self._sock.settimeout(None)  # the next bytes are tried without waiting again

    def send(self, data: bytes) -> int:
        self.sendall(data)
        return len(data)
