"""Transport for many streamed answers at once, beneath the SDK's HTTP client: HTTP/1.1 directly to the endpoint.

httpx2's own transport costs a stream most of its CPU (docs/performance.md has the figures): h11 parses in Python, each
chunk passes through one generator per layer, and httpcore's pool walks through all of its connections at each request.
Here llhttp parses, a read takes all available data, and the pool works at one end of a queue. Proxies are left to the
standard transport.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx2

from chat.net.cancel_scope import CancelScope, current_scope
from chat.net.connect import Connector
from chat.net.connection import READ_BYTES, Connection
from chat.net.pool import ConnectionPool, Origin
from chat.net.read_batching import ReadBatcher
from chat.net.response_parser import ResponseParser
from chat.runtime.ticker import to_tick

# Seconds, by "connect", "write" and "read"; None or a missing key means no limit.
Timeouts = dict[str, float | None]

# Used where no limit is set, since sockets do not accept infinity.
_NO_LIMIT_S = 24 * 3600.0

_REQUEST_LINE = re.compile(rb"[A-Z]+ [!-~]+ HTTP/1\.1\r\n")
_HEADERS = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t -~\x80-\xff]*\r\n)*")


class LeanTransport(httpx2.BaseTransport):
    """HTTP transport that obeys the `CancelScope` in effect. Raises httpx2's exceptions, as its own transport does.

    No request is sent twice. An idle connection is checked before use, but a server may close it at that moment, and a
    client cannot know whether the server began to process the request. The caller decides (`OpenAIModel.stream`).
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._connector = Connector(context)
        self._pool = ConnectionPool()
        self._open_bodies: set[_Body] = set()
        self._batcher = ReadBatcher()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        origin, timeouts = _origin(request.url), _timeouts(request)
        return self._send(_message(request), origin, timeouts, bodiless=request.method == "HEAD").response()

    def send_template(self, template: RequestTemplate, body: bytes) -> StreamedResponse:
        """Send `template` with `body`. Raises as `handle_request` does."""
        return self._send(template.message(body), template.origin, template.timeouts)

    def close(self) -> None:
        self._pool.close()
        for body in list(self._open_bodies):
            body.close()

    def read_delay_s(self) -> float:
        """Return the seconds that a reader should wait before its next read."""
        return self._batcher.read_delay_s(len(self._open_bodies))

    def release(self, body: _Body, exchange: _Exchange, parser: ResponseParser, origin: Origin) -> None:
        self._open_bodies.discard(body)
        if parser.keeps_connection:
            exchange.connection.unbind()
            self._pool.release(origin, exchange.connection, exchange.scope.turn)
            return
        exchange.connection.close()
        if parser.has_excess_data:
            self._pool.distrust(origin)

    def _send(self, message: bytes, origin: Origin, timeouts: Timeouts, *, bodiless: bool = False) -> StreamedResponse:
        scope = current_scope() or _unlimited_scope()
        connection = self._pool.acquire(origin, scope.turn) or self._connect(origin, scope, timeouts.get("connect"))
        exchange = _Exchange(connection, scope, timeouts, ResponseParser(bodiless))
        parser = exchange.read_head(message)
        body = _Body(self, exchange, parser, origin)
        self._open_bodies.add(body)
        self._batcher.response_started()
        return StreamedResponse(parser, body)

    def _connect(self, origin: Origin, scope: CancelScope, timeout_s: float | None) -> Connection:
        return self._connector.connect(*origin, scope, _NO_LIMIT_S if timeout_s is None else timeout_s)


class RequestTemplate:
    """A request that is sent repeatedly with different bodies; its head is prepared once."""

    def __init__(self, request: httpx2.Request) -> None:
        """Prepare `request`, which must state its body's length. Raises as sending it would."""
        head, _, _ = _message(request).partition(b"\r\n\r\n")
        self._before, self._after = re.split(rb"(?<=\r\ncontent-length: )\d+", head, maxsplit=1, flags=re.IGNORECASE)
        self.origin = _origin(request.url)
        self.timeouts = _timeouts(request)

    def message(self, body: bytes) -> bytes:
        """Return the bytes to send."""
        return b"%b%d%b\r\n\r\n%b" % (self._before, len(body), self._after, body)


class StreamedResponse:
    """A response whose head has been read. Its body must be read or closed."""

    def __init__(self, parser: ResponseParser, body: httpx2.SyncByteStream) -> None:
        self.status = parser.status
        self.body = body
        self.headers = parser.headers

    def response(self) -> httpx2.Response:
        """Return the same as an httpx2 response."""
        return httpx2.Response(
            self.status, headers=self.headers, stream=self.body, extensions={"http_version": b"HTTP/1.1"}
        )


class _Exchange:
    """One request and its response on one connection."""

    def __init__(self, connection: Connection, scope: CancelScope, timeouts: Timeouts, parser: ResponseParser) -> None:
        self.connection = connection
        self.scope = scope
        self._timeouts = timeouts
        self._parser = parser

    def read_head(self, message: bytes) -> ResponseParser:
        """Send the request and return the parser once it has the head.

        On an error, the parser and the connection are closed.
        """
        try:
            self.connection.bind(self.scope)
            try:
                self.connection.send(message, self._timeouts.get("write"))
            except httpx2.WriteError as error:
                self._read_refusal(error)
            while not self._parser.has_head:
                self.receive()
        except BaseException:
            self.connection.close()
            self._parser.close()
            raise
        return self._parser

    def receive(self) -> int:
        """Wait for more of the response and parse it. Return the number of bytes."""
        data = self.connection.receive(self._timeouts.get("read"))
        if data:
            self._parser.feed(data)
        else:
            self._parser.feed_eof()
        return len(data)

    def _read_refusal(self, error: httpx2.WriteError) -> None:
        """Read the response of a server that closed the connection before it read the whole request."""
        try:
            while not self._parser.has_head:
                self.receive()
        except httpx2.TransportError:
            raise error from error.__cause__


class _Body(httpx2.SyncByteStream):
    """A response's body, in pieces as they arrive. At its end, the connection returns to the pool or is closed."""

    def __init__(self, transport: LeanTransport, exchange: _Exchange, parser: ResponseParser, origin: Origin) -> None:
        self._transport = transport
        self._exchange = exchange
        self._parser = parser
        self._origin = origin
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        parser, exchange = self._parser, self._exchange
        read_delay_s = 0.0
        try:
            while True:
                if piece := parser.read_body():
                    yield piece
                if parser.complete:
                    break
                if read_delay_s and exchange.scope.may_batch_reads:
                    time.sleep(min(to_tick(read_delay_s), exchange.scope.remaining_s()))
                began = time.monotonic()
                received = exchange.receive()
                read_delay_s = self._transport.read_delay_s()
                # Do not wait if more data is available already, or if data arrives more slowly than the delay.
                if received >= READ_BYTES or time.monotonic() - began > read_delay_s:
                    read_delay_s = 0.0
        finally:
            self.close()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._parser.close()
            self._transport.release(self, self._exchange, self._parser, self._origin)


def _timeouts(request: httpx2.Request) -> Timeouts:
    timeouts: Timeouts = request.extensions.get("timeout", {})
    return timeouts


def _unlimited_scope() -> CancelScope:
    scope = CancelScope(time.monotonic() + _NO_LIMIT_S)
    scope.head_received()  # `ResponseParser` limits the head; without a scope there is no further limit
    return scope


def _origin(url: httpx2.URL) -> Origin:
    if url.scheme not in ("http", "https"):
        raise httpx2.UnsupportedProtocol("an endpoint's address begins with http:// or https://")
    return url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)


def _message(request: httpx2.Request) -> bytes:
    """Return the request's bytes. Raises LocalProtocolError for headers that a server could misread."""
    fields: Any = request.headers.raw
    body = request.read()
    first = b"%b %b HTTP/1.1\r\n" % (request.method.encode("ascii", "replace"), request.url.raw_path)
    head = b"".join([b"%b: %b\r\n" % field for field in fields])
    sound = _REQUEST_LINE.fullmatch(first) and _HEADERS.fullmatch(head) and head.count(b"\r\n") == len(fields)
    if not sound or "transfer-encoding" in request.headers:
        raise httpx2.LocalProtocolError("a header of the request holds what no header may")
    return b"%b%b\r\n%b" % (first, head, body)
