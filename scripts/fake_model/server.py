"""The fake model's event loop: it plays the steps of answers on time, and counts.

One thread, no framework: a token costs little more than the system call that sends it. A stream keeps to its own
absolute schedule, so that one late token does not delay the others.
"""

from __future__ import annotations

import heapq
import itertools
import json
import math
import re
import selectors
import socket
import struct
import time
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

from scripts.fake_model import dialects
from scripts.fake_model.answers import CLOSE, RESET, Step, answer, error_body, plain
from scripts.fake_model.dialects.dialect import Dialect, dialect_steps
from scripts.fake_model.request import BadRequest, ChatRequest, Options

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_STEPS_AT_ONCE = 500  # of one stream, before the other streams are served
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_AUTHORIZATION = re.compile(rb"\r\nauthorization: *([^\r]*)", re.IGNORECASE)
_LAST_REQUEST = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


class Connection:
    """One client's connection, and the answer that is being played on it, if any."""

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self.server, self.sock = server, sock
        self.received = b""
        self.unsent = memoryview(b"")
        self.steps: Iterator[Step] | None = None
        self.due = 0.0
        self.data: Any = b""
        self.tokens_in_data = 0
        self.tokens = 0
        self.model = ""  # of the chat request being answered
        self.last = False  # close once everything is written
        self.open = True

    def ready(self, mask: int) -> None:
        """Handle a socket that is ready for writing or reading."""
        if mask & _WRITE:
            self._write(self.unsent)
            if self.open and not self.unsent:
                self._continue()
        if mask & _READ and self.open:
            self._read()

    def _read(self) -> None:
        try:
            data = self.sock.recv(262_144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        self.received += data
        if not self.steps and not self.unsent:
            self._begin()

    def _continue(self) -> None:
        if self.steps:
            self.play()
        else:
            self._begin()

    def _begin(self) -> None:
        """Start on the next request, if all of it is here."""
        end = self.received.find(b"\r\n\r\n") + 4
        if end < 4:
            return
        head = self.received[:end]
        length = _LENGTH.search(head)
        end += int(length[1]) if length else 0
        if len(self.received) < end:
            return
        body, self.received = self.received[len(head) : end], self.received[end:]
        self.last = bool(_LAST_REQUEST.search(head))
        self.tokens, self.model = 0, ""
        self.steps = self.server.answer(self, head, body)
        self.due, self.data, self.tokens_in_data = time.monotonic(), b"", 0
        self.play()

    def play(self) -> None:
        """Write every step that is due, and schedule the next one."""
        now = time.monotonic()
        parts: list[bytes] = []
        while self.due <= now and len(parts) < _STEPS_AT_ONCE:
            if self.tokens_in_data:
                self.tokens += self.tokens_in_data
                self.server.count(self.tokens_in_data, now - self.due)
            if self.data is CLOSE or self.data is RESET:
                self._cut(b"".join(parts))
                return
            parts.append(self.data if type(self.data) is bytes else self.data.written(now, self.due))
            step = next(self.steps, None)  # type: ignore[arg-type]
            if step is None:
                self._end(b"".join(parts))
                return
            gap, self.data, self.tokens_in_data = step
            self.due += gap
        self._write(b"".join(parts))
        if self.open and not self.unsent:
            self.server.call(self)

    def _write(self, data: bytes | memoryview) -> None:
        waited, sent = bool(self.unsent), 0
        try:
            sent = self.sock.send(data) if data else 0
        except BlockingIOError:
            pass
        except OSError:
            self._lost()
            return
        if sent == len(data) and not waited and not self.last:
            return  # the usual case
        self.unsent = memoryview(data)[sent:]
        if bool(self.unsent) != waited:
            self.server.selector.modify(self.sock, _READ | _WRITE if self.unsent else _READ, self.ready)
        if self.last and not self.unsent and not self.steps:
            self.close()

    def _end(self, data: bytes) -> None:
        self._finish("served")
        self._write(data)
        if self.open and self.received and not self.unsent:
            self._begin()

    def _cut(self, data: bytes) -> None:
        reset = self.data is RESET
        self.last = True
        self._finish("cut")
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._write(data)

    def _lost(self) -> None:
        """Handle the end of the client's side, which aborts a stream in progress."""
        if self.steps and self.model:
            self.server.aborts.append({"at": time.time(), "model": self.model, "tokens": self.tokens})
        self._finish("aborted")
        self.close()

    def _finish(self, outcome: str) -> None:
        if self.steps and self.model:
            self.server.outcomes[outcome] += 1
        self.steps = None

    def close(self) -> None:
        if self.open:
            self.open = False
            self.server.connections.discard(self)
            self.server.selector.unregister(self.sock)
            self.sock.close()


class Server:
    """The event loop: a listening socket, connections, and a calendar of due steps, by the millisecond."""

    def __init__(self, host: str, port: int, defaults: Options) -> None:
        self.defaults = defaults
        self.selector = selectors.DefaultSelector()
        self.connections: set[Connection] = set()
        self.outcomes: Counter[str] = Counter()
        self.aborts: deque[dict[str, Any]] = deque(maxlen=1000)
        self.attempts: Counter[tuple[str, str]] = Counter()
        self.requests: deque[tuple[float, bytes, bytes]] = deque(maxlen=100)
        self.request_count = self.tokens = 0
        self.late_s = self.latest_s = 0.0
        self._calendar: dict[int, list[Connection]] = {}
        self._ticks: list[int] = []
        self.listener = socket.create_server((host, port), backlog=4096)
        self.listener.setblocking(False)
        self.selector.register(self.listener, _READ, self._accept)

    def run(self) -> None:
        """Serve until an exception (SystemExit, from a signal) ends it."""
        while True:
            wait = self._ticks[0] / 1000 - time.monotonic() if self._ticks else None
            for key, mask in self.selector.select(wait):
                key.data(mask)
            for connection in self._due():
                if connection.open:
                    connection.play()

    def _due(self) -> list[Connection]:
        now = int(time.monotonic() * 1000)
        due: list[Connection] = []
        while self._ticks and self._ticks[0] <= now:
            due += self._calendar.pop(heapq.heappop(self._ticks))
        return due

    def call(self, connection: Connection) -> None:
        """Have `play` called when the connection's next step is due."""
        if math.isinf(connection.due):
            return
        tick = math.ceil(connection.due * 1000)
        if tick not in self._calendar:
            self._calendar[tick] = []
            heapq.heappush(self._ticks, tick)
        self._calendar[tick].append(connection)

    def count(self, tokens: int, late_s: float) -> None:
        self.tokens += tokens
        self.late_s += tokens * late_s
        self.latest_s = max(self.latest_s, late_s)

    def answer(self, connection: Connection, head: bytes, body: bytes) -> Iterator[Step]:
        """Return the steps that answer a request."""
        method, path = head.split(b" ", 2)[:2]
        if (method, path) == (b"POST", b"/v1/chat/completions"):
            return self._chat(connection, head, body)
        if (method, path) == (b"POST", b"/close-idle"):
            return iter([(0, plain(200, json.dumps({"closed": self._close_idle(connection)}).encode()), 0)])
        answer = {b"/v1/models": self._models, b"/stats": self.stats, b"/requests": self._requests}.get(path)
        if method != b"GET" or not answer:
            return iter([(0, plain(404, error_body("There is no such page.", "invalid_request_error")), 0)])
        return iter([(0, plain(200, json.dumps(answer()).encode()), 0)])

    def _chat(self, connection: Connection, head: bytes, body: bytes) -> Iterator[Step]:
        authorization = _AUTHORIZATION.search(head)
        self.requests.append((time.time(), authorization[1] if authorization else b"", body))
        self.request_count += 1
        try:
            request = ChatRequest(body, self.defaults)
            dialect = _dialect(request.model)
        except BadRequest as error:
            return iter([(0, plain(400, error_body(str(error), "invalid_request_error")), 0)])
        connection.model = request.model
        question = (request.model, request.question)
        self.attempts[question] += 1
        attempt = self.attempts[question]
        return dialect_steps(dialect, request, attempt) if dialect else answer(request, attempt)

    def _models(self) -> dict[str, Any]:
        model = {"id": "fake", "object": "model", "created": 1_700_000_000, "owned_by": "parley"}
        return {"object": "list", "data": [model]}

    def stats(self) -> dict[str, Any]:
        """Return the counters, named as in the module's docstring."""
        answering = sum(bool(connection.steps and connection.model) for connection in self.connections)
        return {
            "open": answering,
            **{outcome: self.outcomes[outcome] for outcome in ("served", "aborted", "cut")},
            "tokens": self.tokens,
            "requests": self.request_count,
            "connections": len(self.connections),
            "cpu_s": time.process_time(),
            "late_s": {"mean": self.late_s / (self.tokens or 1), "max": self.latest_s},
            "aborts": list(self.aborts),
        }

    def _close_idle(self, caller: Connection) -> int:
        """Close the connections that wait for a request, as an endpoint does after its own timeout."""
        idle = [each for each in self.connections if each is not caller and not each.steps and not each.unsent]
        for each in idle:
            each.close()
        return len(idle)

    def _requests(self) -> list[dict[str, Any]]:
        return [
            {"at": at, "authorization": key.decode("latin-1"), "body": body.decode("utf-8", "replace")}
            for at, key, body in self.requests
        ]

    def _accept(self, _mask: int) -> None:
        for _ in itertools.repeat(None, 200):  # many may connect at once; the streams must not wait for all of them
            try:
                sock, _address = self.listener.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self, sock)
            self.connections.add(connection)
            self.selector.register(sock, _READ, connection.ready)


def _dialect(model: str) -> Dialect | None:
    try:
        return dialects.named(model)
    except KeyError:
        raise BadRequest("The fake model does not speak this dialect; --help lists those it does.") from None
