"""HTTP/1.1 client for many streamed responses at once: llhttp parses, and a read takes all available data."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from chat.net.cancel_scope import CancelScope
from chat.net.connect import Connector
from chat.net.connection import READ_BYTES, Connection
from chat.net.errors import NetError, SendFailed
from chat.net.pool import MAX_IDLE_CONNECTIONS, ConnectionPool
from chat.net.read_batching import ReadBatching
from chat.net.request import Origin, Timeouts
from chat.net.response_parser import ResponseParser
from chat.runtime.ticker import to_tick

# Used where no limit is set, since sockets do not accept infinity.
_NO_LIMIT_S = 24 * 3600.0


class HttpClient:
    """Client for many threads. Each request obeys its `CancelScope`. Raises the errors of `chat.net.errors`.

    No request is sent twice. An idle connection is checked before use, but a server may close it at that moment, and a
    client cannot know whether the server began to process the request. The caller decides. Redirects are not followed,
    and bodies are not decompressed.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        batching: ReadBatching | None = None,
        clock: Callable[[], float] = time.monotonic,
        max_idle_connections: int = MAX_IDLE_CONNECTIONS,
    ) -> None:
        """Set the TLS context, which this client changes, and the delays of responses that may be read in batches.

        `clock` tells how long connections have been idle; `max_idle_connections` is a limit for each origin.
        """
        self._connector = Connector(context)
        self._pool = ConnectionPool(clock, max_idle_connections)
        self._open_bodies: set[Body] = set()
        self._batching = batching or ReadBatching()

    def send(
        self, origin: Origin, message: bytes, scope: CancelScope, timeouts: Timeouts, *, bodiless: bool = False
    ) -> Response:
        """Send a request (`request_bytes`) and return the response once its head has arrived.

        The response's body must be read to its end or closed. `bodiless` is for HEAD.
        """
        connection = self._pool.acquire(origin, scope.turn) or self._connect(origin, scope, timeouts.connect_s)
        exchange = _Exchange(connection, scope, timeouts, ResponseParser(bodiless))
        exchange.read_head(message)
        headers, exchange.parser.headers = exchange.parser.headers, []
        body = Body(self, exchange, origin)
        self._open_bodies.add(body)
        self._batching.answer_began()
        return Response(exchange.parser.status, headers, body)

    def close(self) -> None:
        """Close all connections, also those of open responses."""
        self._pool.close()
        for body in list(self._open_bodies):
            body.close()

    def close_unusable(self) -> None:
        """Close idle connections that no request would use. Call this every few seconds."""
        self._pool.close_unusable()

    def read_delay_s(self) -> float:
        """Return the seconds that a reader should wait before its next read."""
        return self._batching.delay_s(len(self._open_bodies))

    def release(self, body: Body, exchange: _Exchange, origin: Origin) -> None:
        """Put the connection back into the pool, or close it if it cannot be used again."""
        self._open_bodies.discard(body)
        if exchange.parser.keeps_connection:
            exchange.connection.unbind()
            self._pool.release(origin, exchange.connection, exchange.scope.turn)
            return
        exchange.connection.close()
        if exchange.parser.has_excess_data:
            self._pool.distrust(origin)

    def _connect(self, origin: Origin, scope: CancelScope, timeout_s: float | None) -> Connection:
        return self._connector.connect(*origin, scope, _NO_LIMIT_S if timeout_s is None else timeout_s)


class Response(NamedTuple):
    """A response whose head has been read. The headers are not needed, nor kept, for the body."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: Body


class _Exchange:
    """One request and its response on one connection."""

    def __init__(self, connection: Connection, scope: CancelScope, timeouts: Timeouts, parser: ResponseParser) -> None:
        self.connection = connection
        self.scope = scope
        self.parser = parser
        self._timeouts = timeouts

    def read_head(self, message: bytes) -> None:
        """Send the request and read until the parser has the head.

        On an error, the parser and the connection are closed.
        """
        try:
            self.connection.bind(self.scope)
            try:
                self.connection.send(message, self._timeouts.send_s)
            except SendFailed:
                if not self._has_refusal():
                    raise
            while not self.parser.has_head:
                self.receive()
        except BaseException:
            self.connection.close()
            self.parser.close()
            raise

    def receive(self) -> int:
        """Wait for more of the response and parse it. Return the number of bytes."""
        data = self.connection.receive(self._timeouts.receive_s)
        if data:
            self.parser.feed(data)
        else:
            self.parser.feed_eof()
        return len(data)

    def _has_refusal(self) -> bool:
        """Return whether a server that did not read the whole request has answered it."""
        try:
            while not self.parser.has_head:
                self.receive()
        except NetError:
            return False
        return True


class Body:
    """The body of a response, in pieces as they arrive. At its end, the connection returns to the pool or is closed."""

    def __init__(self, client: HttpClient, exchange: _Exchange, origin: Origin) -> None:
        self._client = client
        self._exchange = exchange
        self._origin = origin
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        exchange, parser, scope = self._exchange, self._exchange.parser, self._exchange.scope
        read_delay_s = 0.0
        try:
            while True:
                if parser.has_body:
                    yield parser.read_body()  # without a name, which would keep the piece until the next one arrives
                if parser.complete:
                    break
                if read_delay_s and scope.may_batch_reads:
                    scope.pause(to_tick(read_delay_s))
                received = exchange.receive()
                read_delay_s = self._client.read_delay_s()
                # Do not wait if more data is available already, or if data arrives more slowly than the delay.
                if received >= READ_BYTES or scope.waited_s > read_delay_s:
                    read_delay_s = 0.0
        finally:
            self.close()

    def close(self) -> None:
        """Stop reading. Idempotent."""
        if not self._closed:
            self._closed = True
            self._exchange.parser.close()
            self._client.release(self, self._exchange, self._origin)
