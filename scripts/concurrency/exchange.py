"""One question on its way: sent on a connection of its own, its events read as they come."""

from __future__ import annotations

import os
import selectors
import socket
import ssl
import time
from collections.abc import Generator, Iterator

from scripts.concurrency.response import ResponseParser
from scripts.concurrency.server import Server, failure_of, object_or_failure
from scripts.concurrency.timeline import Failure, Timeline
from scripts.kit import sse

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Exchange:
    """One request and its streamed response over a non-blocking socket.

    Call `go_on` first, then whenever `sock` is ready for the events that the last call returned; `close` at the end.
    No method raises: `timeline` records what happened, and its `ended` is set at the end.
    """

    def __init__(self, server: Server, request: bytes, timeline: Timeline) -> None:
        self.timeline = timeline
        self.sock: socket.socket | None = None
        self._server, self._request = server, request
        self._response, self._frames = ResponseParser(), sse.FrameReader()
        self._body = b""  # of an answer that is no stream of events
        self._steps = self._talk()

    def go_on(self) -> int:
        """Continue as far as possible. Return the mask of `selectors` to wait for, or 0 at the end."""
        return next(self._steps, 0)

    def give_up(self, failure: Failure) -> None:
        self.timeline.failure = failure
        self.timeline.ended = time.monotonic()
        self.close()

    def close(self) -> None:
        if self.sock:
            self.sock.close()

    def _talk(self) -> Iterator[int]:
        """All of it in order, as if it could wait; where it would have to, it yields."""
        self.timeline.sent = time.monotonic()
        try:
            sock = yield from self._connect()
            yield from _send(sock, self._request)
            while not self.timeline.done:
                # A TLS connection may hold more than the system, which then would not call.
                if not (isinstance(sock, ssl.SSLSocket) and sock.pending()):
                    yield _READ
                self._receive(sock)
        except (Failure, OSError) as error:
            self.timeline.failure = failure_of(error)
        self.timeline.ended = time.monotonic()

    def _connect(self) -> Generator[int, None, socket.socket]:
        sock = self.sock = self._server.begin_to_connect()
        yield _WRITE
        if error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, os.strerror(error))
        sock = self.sock = self._server.secured(sock)
        while isinstance(sock, ssl.SSLSocket):
            try:
                sock.do_handshake()
                break
            except ssl.SSLWantReadError:
                yield _READ
            except ssl.SSLWantWriteError:
                yield _WRITE
        return sock

    def _receive(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(65_536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        now = time.monotonic()
        body = self._response.feed(data)
        if self._response.content_type == "text/event-stream":
            for frame in self._frames.feed(body):
                if event := sse.fields(frame):
                    self.timeline.note(now, *event[1:])
                if self.timeline.done:
                    return
        else:
            self._body += body
        if not data or self._response.complete:
            self._ended_too_early()

    def _ended_too_early(self) -> None:
        response = self._response
        if not response.status:
            raise Failure("connection_lost", "The server closed the connection without an answer.")
        if not response.may_end_here:
            raise Failure("stream_cut", "The answer was cut off in the middle.")
        if response.content_type != "text/event-stream":
            object_or_failure(response.status, response.reason, self._body)
            raise Failure("not_the_contract", "The turn was not answered with events.", response.status)
        raise self.timeline.failure or Failure("stream_ended", "The events ended without `done`.")


def _send(sock: socket.socket, data: bytes) -> Iterator[int]:
    while data:
        try:
            data = data[sock.send(data) :]
        except (BlockingIOError, ssl.SSLWantWriteError):
            yield _WRITE
