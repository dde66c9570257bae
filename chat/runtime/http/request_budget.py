"""Budget of time and bytes of an incoming request, and the reading of its body."""

from __future__ import annotations

import io
import time
from typing import Any, Protocol

from gunicorn.http.body import LengthReader
from gunicorn.http.errors import NoMoreData

from chat.runtime.http.bounds import Bounds, bad_body, body_too_large, head_too_large, overloaded, too_slow

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BodyMemory:
    """Bytes held by all incomplete bodies of a worker."""

    def __init__(self) -> None:
        self.size = 0


class RequestBudget:
    """Deadline and byte limit of one request: its head, after `begin_body` its body, until `end`.

    `began` is whether any byte has arrived. Before that, the end of the connection or of the time is no error.
    """

    __slots__ = ("_body_memory", "_bounds", "_counted", "_idle", "_limit", "_size", "_too_large", "began", "deadline")

    def __init__(self, bounds: Bounds, body_memory: BodyMemory) -> None:
        self._bounds = bounds
        self._body_memory = body_memory
        self._size = 0
        self._expect(bounds.request_s, idle=False)

    def expect_next_request(self) -> None:
        """Expect another request: its first byte within `idle_s`, its head within `request_s` after that."""
        self._expect(self._bounds.idle_s, idle=True)

    def _expect(self, within_s: float, *, idle: bool) -> None:
        self.deadline = time.monotonic() + within_s
        self.began, self._idle = False, idle
        self._counted, self._limit, self._too_large = 0, self._bounds.head_bytes, head_too_large

    def begin_body(self) -> None:
        self.deadline = time.monotonic() + self._bounds.request_s
        self._counted, self._limit = 0, self._bounds.body_bytes + self._bounds.framing_bytes
        self._too_large = body_too_large

    def end(self) -> None:
        self._body_memory.size -= self._size
        self._size = 0

    def remaining_s(self, now: float) -> float:
        """Return the remaining seconds. Raises Refusal if there are none, or NoMoreData if no byte has arrived."""
        if now >= self.deadline:
            self.raise_timeout()
        return self.deadline - now

    def raise_timeout(self) -> None:
        raise too_slow() if self.began else NoMoreData(b"")

    def count(self, data: bytes) -> bytes:
        """Count received bytes and return them. Raises Refusal if they exceed the limit."""
        if not self.began and data:
            self.began = True
            if self._idle:
                self.deadline = time.monotonic() + self._bounds.request_s
        self._counted += len(data)
        if self._counted > self._limit:
            raise self._too_large()
        if self._too_large is body_too_large:
            self._hold(len(data))
        return data

    def _hold(self, size: int) -> None:
        self._size += size
        self._body_memory.size += size
        if self._body_memory.size > self._bounds.bodies_bytes and self._counted > self._bounds.small_body_bytes:
            raise overloaded()


class Source(Protocol):
    """Source of a request."""

    budget: RequestBudget

    def sendall(self, data: bytes) -> None: ...


def read_body(request: Any, source: Source, bounds: Bounds) -> None:
    """Read the whole body of gunicorn's `request` into memory. Raises Refusal and the errors of gunicorn's readers.

    So no unread body is left to drain, and the application never waits for a client.
    """
    reader = request.body.reader
    length = reader.length if isinstance(reader, LengthReader) else None
    if length == 0:
        return
    if length is not None and length > bounds.body_bytes:
        raise body_too_large()
    source.budget.begin_body()
    if request._expected_100_continue:
        source.sendall(_CONTINUE)
        request._expected_100_continue = False
    body, request.body = request.body, io.BytesIO()  # breaks a reference cycle that would keep a large body
    try:
        data = body.read(bounds.body_bytes + 1)
    except OSError as error:
        if error.errno is not None or isinstance(error, TimeoutError):
            raise
        raise bad_body("its body is malformed") from None  # gunicorn raises OSError without errno for it
    if len(data) > bounds.body_bytes:
        raise body_too_large()
    if length is not None and len(data) < length:
        raise bad_body("its body is shorter than its stated length")
    request.body = io.BytesIO(data)
