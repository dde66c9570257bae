"""Short requests beside the load: the times of `/healthz` and of the page."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from scripts.concurrency.api import Api
from scripts.concurrency.errors import Failure
from scripts.concurrency.event_loop import EventLoop
from scripts.concurrency.exchange import connected, sent
from scripts.concurrency.response import ResponseParser
from scripts.kit.percentiles import percentiles

_EVERY_S = {"/healthz": 0.1, "/v1/models": 0.5, "/models": 0.5}
_OTHERS_EVERY_S = 1.0
_UNANSWERED = 4  # requests of one kind; more would add to the load of a server that answers none


@dataclass
class Answers:
    """Times of one path's answers, in seconds. `good`: how many had a status below 400."""

    seconds: list[float] = field(default_factory=list)
    good: int = 0

    @property
    def counts(self) -> bool:
        """Return whether the path exists, so that its times mean something."""
        return self.good > 0 and 2 * self.good >= len(self.seconds)

    def figures(self) -> dict[str, float]:
        """Return percentiles."""
        return percentiles(self.seconds, {"p50": 50, "p95": 95, "p99": 99, "max": 100})


class Get:
    """A short GET request, a task of the event loop. `on_end` gets the status, 0 without an answer, and the body."""

    def __init__(self, api: Api, path: str, on_end: Callable[[int, bytes], None]) -> None:
        self.sock: socket.socket | None = None
        self.began_at = time.monotonic()
        self._api, self._path, self._on_end = api, path, on_end
        self._response, self._body = ResponseParser(), b""
        self._steps = self._talk()

    def advance(self) -> int:
        """Continue as far as possible."""
        return next(self._steps, 0)

    def end(self) -> None:
        """Close the connection and report."""
        if self.sock:
            self.sock.close()
        whole = self._response.complete or (self._response.may_end_here and bool(self._body))
        self._on_end(self._response.status if whole else 0, self._body)

    def _talk(self) -> Iterator[int]:
        # A kept connection would occupy one of the server's threads.
        headers = self._api.headers() | {"Connection": "close"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"GET {self._api.address.base}{self._path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")
        try:
            sock = yield from connected(self._api.address, self)
            yield from sent(sock, request)
            while not self._response.complete:
                yield selectors.EVENT_READ
                try:
                    data = sock.recv(65_536)
                except BlockingIOError:
                    continue
                if not data:
                    return
                self._body += self._response.feed(data)
        except (OSError, Failure):
            return


class Probes:
    """Probes of one load, which `start` begins and `finish` ends. `answers` is by path."""

    def __init__(self, api: Api, loop: EventLoop) -> None:
        self.answers = {path: Answers() for path in api.probed_paths}
        self._api, self._loop = api, loop
        self._open: dict[Get, str] = {}
        self._stopped = False

    def start(self) -> None:
        """Begin: each path is asked at its own interval."""
        for path in self.answers:
            self._ask(path)

    def finish(self) -> None:
        """End. A request without an answer counts with the time that it has waited so far."""
        self._stopped = True
        now = time.monotonic()
        for get, path in self._open.items():
            self._loop.forget(get)
            if get.sock:
                get.sock.close()
            self.answers[path].seconds.append(now - get.began_at)
        self._open.clear()

    def _ask(self, path: str) -> None:
        if self._stopped:
            return
        self._loop.call_at(time.monotonic() + _EVERY_S.get(path, _OTHERS_EVERY_S), lambda: self._ask(path))
        if sum(each == path for each in self._open.values()) >= _UNANSWERED:
            return
        get = Get(self._api, path, lambda status, _body: self._note(get, status))
        self._open[get] = path
        self._loop.advance(get)

    def _note(self, get: Get, status: int) -> None:
        path = self._open.pop(get, None)
        if path is not None:
            answers = self.answers[path]
            answers.seconds.append(time.monotonic() - get.began_at)
            answers.good += 0 < status < 400
