"""A client of gunicorn's parser, in memory. It sends pieces and stores what it receives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gunicorn import http
from gunicorn.config import Config

from chat.runtime import refusals
from chat.runtime.http.bounds import Bounds
from chat.runtime.http.request_budget import BodyMemory, RequestBudget, read_body


class Client:
    """A client that sends one of `pieces` for each `recv` and then closes."""

    def __init__(self, pieces: Iterable[bytes], bounds: Bounds, memory: BodyMemory | None = None) -> None:
        self._pieces = iter(pieces)
        self.bounds = bounds
        self.budget = RequestBudget(bounds, memory or BodyMemory())
        self.received = b""
        self.reads = 0

    def recv(self, _size: int) -> bytes:
        self.reads += 1
        return self.budget.count(next(self._pieces, b""))

    def sendall(self, data: bytes) -> None:
        self.received += data

    def request(self) -> Any:
        """Return gunicorn's request with its complete body. Raises the error that the server would answer."""
        parser = refusals.ProxiedRequest
        requests = http.get_parser(Config(), self, ("127.0.0.1", 1))
        requests.mesg_class = parser
        request = next(requests)
        read_body(request, self, self.bounds)
        return request
