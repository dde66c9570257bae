"""A transport for many streamed answers at once, beneath the SDK's HTTP client: HTTP/1.1 to the endpoint itself.

Written by hand because httpx2's own costs a stream most of its CPU (docs/performance.md has the figures):
h11 parses in Python, each chunk passes through a generator a layer, and httpcore's pool walks through all
of its connections at each request. Here llhttp parses, a read takes whatever has arrived, and the pool takes
and puts at one end. Proxies are left to the standard transport.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx2

from chat.llm.cancel_scope import CancelScope, current_scope
from chat.llm.connect import Connector
from chat.llm.connection import READ_BYTES, Connection
from chat.llm.pool import ConnectionPool, Origin
from chat.llm.read_batching import ReadBatcher
from chat.llm.response_parser import ResponseParser
from chat.runtime.ticker import to_tick

# Seconds, by "connect", "write" and "read"; None or nothing where there is no limit.
Timeouts = dict[str, float | None]

# Where nobody set a limit; sockets take no infinity.
_NO_LIMIT_S = 24 * 3600.0

_REQUEST_LINE = re.compile(rb"[A-Z]+ [!-~]+ HTTP/1\.1\r\n")
_HEADERS = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t -~\x80-\xff]*\r\n)*")


class LeanTransport(httpx2.BaseTransport):
    """Obeys the scope in effect. Raises httpx2's exceptions, as its own transport does.

    Nothing is sent twice: a kept connection is looked at before it is used, but a server may close it in that
    very moment, and nobody can tell whether it had begun to answer. Whoever asked decides (`OpenAIModel.stream`).
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
        """What comes of `template` with this body. Raises as `handle_request` does."""
        return self._send(template.message(body), template.origin, template.timeouts)

    def close(self) -> None:
        self._pool.close()
        for body in list(self._open_bodies):
            body.close()

    def read_delay_s(self) -> float:
        """How long a reader may leave what arrives unread."""
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
    """A request that is sent over and over, with another body each time: what comes before it is made ready once."""

    def __init__(self, request: httpx2.Request) -> None:
        """`request` says its body's length. Raises what sending it would."""
        head, _, _ = _message(request).partition(b"\r\n\r\n")
        self._before, self._after = re.split(rb"(?<=\r\ncontent-length: )\d+", head, maxsplit=1, flags=re.IGNORECASE)
        self.origin = _origin(request.url)
        self.timeouts = _timeouts(request)

    def message(self, body: bytes) -> bytes:
        """The request as it is sent."""
        return b"%b%d%b\r\n\r\n%b" % (self._before, len(body), self._after, body)


class StreamedResponse:
    """A head that has come, and the body that is to be read, or closed."""

    def __init__(self, parser: ResponseParser, body: httpx2.SyncByteStream) -> None:
        self.status = parser.status
        self.body = body
        self.headers = parser.headers

    def response(self) -> httpx2.Response:
        """The same as httpx2 has it."""
        return httpx2.Response(
            self.status, headers=self.headers, stream=self.body, extensions={"http_version": b"HTTP/1.1"}
        )


class _Exchange:
    """One request on one connection: says it, and reads the head of what is answered."""

    def __init__(self, connection: Connection, scope: CancelScope, timeouts: Timeouts, parser: ResponseParser) -> None:
        self.connection = connection
        self.scope = scope
        self._timeouts = timeouts
        self._parser = parser

    def read_head(self, message: bytes) -> ResponseParser:
        """The parser, once its head has come. Closes it and the connection where none comes."""
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
        """Wait for more of the parser. Returns how many bytes came."""
        data = self.connection.receive(self._timeouts.get("read"))
        if data:
            self._parser.feed(data)
        else:
            self._parser.feed_eof()
        return len(data)

    def _read_refusal(self, error: httpx2.WriteError) -> None:
        """A server that wants no more of a request may have said why before it closed."""
        try:
            while not self._parser.has_head:
                self.receive()
        except httpx2.TransportError:
            raise error from error.__cause__


class _Body(httpx2.SyncByteStream):
    """A response's body, in pieces as they come. Hands the connection back, or closes it, at its end."""

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
                # No use in waiting for more where there is more, nor where it comes slower than that anyway.
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
    scope.head_received()  # the head is limited by `ResponseParser`, the rest is for who asked to limit
    return scope


def _origin(url: httpx2.URL) -> Origin:
    if url.scheme not in ("http", "https"):
        raise httpx2.UnsupportedProtocol("an endpoint's address begins with http:// or https://")
    return url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)


def _message(request: httpx2.Request) -> bytes:
    """The request as it is sent. Raises LocalProtocolError for what could be read as something else."""
    fields: Any = request.headers.raw
    body = request.read()
    first = b"%b %b HTTP/1.1\r\n" % (request.method.encode("ascii", "replace"), request.url.raw_path)
    head = b"".join([b"%b: %b\r\n" % field for field in fields])
    sound = _REQUEST_LINE.fullmatch(first) and _HEADERS.fullmatch(head) and head.count(b"\r\n") == len(fields)
    if not sound or "transfer-encoding" in request.headers:
        raise httpx2.LocalProtocolError("a header of the request holds what no header may")
    return b"%b%b\r\n%b" % (first, head, body)
