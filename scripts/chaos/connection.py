"""HTTP to the server under test: every request on a connection of its own, which any worker may accept."""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scripts.kit.sse import Event, read_events

EVENT_STREAM = "text/event-stream"
# The longest silence. A stream has a comment every 5 s; a request may have to wait until a worker has room.
SILENCE_S = 30.0
# The number that browsers follow.
REDIRECTS = 20
_AGAIN = 307


class Dropped(Exception):
    """No whole answer: refused, closed, reset or silent. The request may have arrived."""


class Refused(Exception):
    """The server refused the request. `passing`: the page would try again in a moment."""

    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        with contextlib.suppress(ValueError, LookupError, TypeError):
            error = json.loads(body)["error"]
            self.code, self.message = str(error["code"]), str(error["message"])
        if not hasattr(self, "code"):
            self.code, self.message = f"http_{status}", body[:200].decode("utf-8", "replace")
        super().__init__(f"{status} {self.code}: {self.message}")
        self.status = status
        self.retry_after = headers.get("Retry-After")
        self.passing = status in (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    def is_closed(self) -> bool:
        """Return whether no server listens at this address."""
        with socket.socket() as probe:
            probe.settimeout(5)
            return probe.connect_ex((self.host, self.port)) == errno.ECONNREFUSED

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        timeout_s: float = SILENCE_S,
    ) -> Answer:
        """Make one request. An answer that is no stream is read, and its connection closed. Raises Dropped, Refused.

        A worker that shuts down redirects to the same address, where another worker accepts the connection.
        """
        for redirects in range(REDIRECTS + 1):
            try:
                answer = Call(self, timeout_s).send(method, path, body, headers)
            except Refused as refused:
                if refused.status != _AGAIN or redirects == REDIRECTS:
                    raise
            else:
                answer.redirects = redirects
                return answer
        raise AssertionError("unreachable")


class Call:
    """An open connection whose request is not sent yet, so that many requests can be sent at once."""

    def __init__(self, address: Address, timeout_s: float = SILENCE_S) -> None:
        self._connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout_s)
        try:
            self._connection.connect()
        except OSError as error:
            raise Dropped(f"not connected: {error}") from None

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Send a request and return its response. Raises Dropped, Refused."""
        sent = {"Connection": "close"} | (headers or {})
        data = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            data = json.dumps(body)
        try:
            self._connection.request(method, path, data, sent)
            response = self._connection.getresponse()
            return self._answer(response)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Dropped(f"{method} {path}: {type(error).__name__}: {error}") from None

    def _answer(self, response: http.client.HTTPResponse) -> Answer:
        if response.status < 300 and response.headers.get_content_type() == EVENT_STREAM:
            return Answer(response, b"")
        body = response.read()
        self._connection.close()
        if response.status >= 300:
            raise Refused(response.status, response.headers, body)
        return Answer(response, body)


class Answer:
    """A successful answer: `json` if it was read, `events` if it streams. `redirects` came before it."""

    redirects = 0

    def __init__(self, response: http.client.HTTPResponse, body: bytes) -> None:
        self.status = response.status
        self.headers = response.headers
        self.streams = response.headers.get_content_type() == EVENT_STREAM
        self._response = response
        self._body = body

    @property
    def json(self) -> Any:
        return json.loads(self._body)

    def events(self) -> Iterator[Event]:
        """Yield the events as they arrive, without comments. Raises Dropped if the stream breaks."""
        try:
            yield from read_events(iter(lambda: self._response.read1(65_536), b""))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Dropped(f"the stream broke: {type(error).__name__}: {error}") from None
        finally:
            self.close()

    def close(self) -> None:
        self._response.close()
