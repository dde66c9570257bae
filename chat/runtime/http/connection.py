"""Connection of a gthread worker: read by the loop, answered by a thread."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any

from greenlet import greenlet
from gunicorn import http

from chat.runtime.http.bounds import Bounds
from chat.runtime.http.request_budget import BodyMemory, RequestBudget, read_body
from chat.runtime.http.sending import send_all
from chat.runtime.http.thread_slots import RequestKind


class Connection:
    """Connection with gunicorn's attributes `sock`, `client` and `server`. `request` is set once its head is parsed."""

    def __init__(self, config: Any, sock: Any, client: Any, server: Any, bounds: Bounds, memory: BodyMemory) -> None:
        self.plain = sock
        self.client = client
        self.server = server
        self.budget = RequestBudget(bounds, memory)
        self.since = self.complete_at = time.monotonic()
        self.sock: Any = _ParserSocket(self, bounds)
        self.request: Any = None
        self.kind = RequestKind.SHORT
        self.abandoned = False
        # Time since which a thread has been waiting for the client to read; 0 while it is not waiting.
        self.sending_since = 0.0
        # Called by that thread when it begins to wait.
        self.on_wait: Callable[[], None] = _nothing
        # Whether its thread slot was released before the end of the response.
        self.slot_released = False
        self.discarded_bytes = 0
        self._config = config
        self._bounds = bounds
        self._read_size = 0
        self._parser = greenlet(self._parse)

    @property
    def routing_key(self) -> tuple[str, str, str]:
        """Return method, path and the Accept header."""
        accepted = next((value for name, value in self.request.headers if name == "ACCEPT"), "")
        return self.request.method, self.request.path, accepted

    def begin(self) -> bool:
        """Start the parser and read available bytes. Return whether the request is complete.

        Raises the errors of gunicorn's parser, and Refusal, as `read` does.
        """
        self._parser.switch()
        return self.read()

    def read(self) -> bool:
        """Pass available bytes to the parser. Return whether the request is complete."""
        try:
            data = self.plain.recv(self._read_size)
        except BlockingIOError:
            return False
        self._parser.switch(data)
        return bool(self._parser.dead)

    def abandon(self) -> None:
        """Abort a response that the client does not read: the sending thread fails at once."""
        self.abandoned = True
        with contextlib.suppress(OSError):
            self.plain.shutdown(socket.SHUT_RDWR)

    def give_up(self) -> bool:
        """Raise Refusal because the request is too late, or NoMoreData if no byte has arrived."""
        self.budget.raise_timeout()
        return False

    def end(self) -> None:
        """Stop reading the request."""
        self.budget.end()
        if self._parser and not self._parser.dead:
            self._parser.throw()

    def _parse(self) -> None:
        self.request = next(http.get_parser(self._config, self.sock, self.client))
        read_body(self.request, self.sock, self._bounds)
        self.budget.end()

    def next_bytes(self, size: int) -> bytes:
        """Return the next bytes to the parser, which is suspended until the loop has some."""
        self._read_size = size
        loop = greenlet.getcurrent().parent
        return self.budget.count(loop.switch())


def _nothing() -> None:
    pass


class _ParserSocket:
    """Socket of the connection for gunicorn's parser and responses. Other attributes are those of the socket."""

    def __init__(self, connection: Connection, bounds: Bounds) -> None:
        self._connection = connection
        self._sock = connection.plain
        self._timeout_s = bounds.request_s
        self.budget = connection.budget

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def recv(self, size: int) -> bytes:
        return self._connection.next_bytes(size)

    def sendall(self, data: bytes) -> None:
        if self._sock.gettimeout() == 0:  # in the loop, which must not block
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
        send_all(self._sock, data, self._timeout_s)
        connection.sending_since = 0.0
        self._sock.settimeout(None)  # so that the next send is non-blocking again

    def send(self, data: bytes) -> int:
        self.sendall(data)
        return len(data)
