"""One question and its streamed answer, on a non-blocking connection of its own."""

from __future__ import annotations

import os
import selectors
import socket
import ssl
import time
from collections.abc import Callable, Generator, Iterator

from scripts.concurrency.address import Address
from scripts.concurrency.api import Api
from scripts.concurrency.errors import Failure, failure_of
from scripts.concurrency.event_data import response_object
from scripts.concurrency.event_loop import Task
from scripts.concurrency.response import ResponseParser
from scripts.concurrency.timeline import Timeline
from scripts.kit import sse

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

# How often browsers follow a redirect.
_REDIRECTS = 20


class Exchange:
    """One request and its streamed response.

    A task of the event loop. No method raises: `timeline` records what happened, and `end` calls `on_end`.
    """

    def __init__(self, api: Api, request: bytes, timeline: Timeline, on_end: Callable[[Exchange], None]) -> None:
        self.timeline = timeline
        self.sock: socket.socket | None = None
        self._api, self._request, self._on_end = api, request, on_end
        self._redirects = 0
        self._begin_response()
        self._steps = self._talk()

    def advance(self) -> int:
        """Continue as far as possible. Return the mask of `selectors` to wait for, or 0 at the end."""
        return next(self._steps, 0)

    def end(self) -> None:
        """Close the connection."""
        self.timeline.ended = self.timeline.ended or time.monotonic()
        if self.sock:
            self.sock.close()
        self._on_end(self)

    def _talk(self) -> Iterator[int]:
        """Do all steps in order; yield where a step would block."""
        timeline = self.timeline
        timeline.sent = time.monotonic()
        try:
            while not timeline.done:
                yield from self._ask()
        except (Failure, OSError) as error:
            timeline.failure = failure_of(error)
            timeline.done = None
        timeline.ended = time.monotonic() if timeline.done is None else timeline.done

    def _begin_response(self) -> None:
        self._response, self._frames = ResponseParser(), sse.FrameReader()
        self._body = b""  # of a response that is no stream of events

    def _ask(self) -> Iterator[int]:
        """Send the request and read the response, to its end or until it says that the request is to be sent again."""
        self._begin_response()
        redirects = self._redirects
        self.sock = sock = yield from connected(self._api.address, self)
        yield from sent(sock, self._request)
        while not self.timeline.done and self._redirects == redirects:
            # A TLS connection may hold data that the system knows nothing of.
            if not (isinstance(sock, ssl.SSLSocket) and sock.pending()):
                yield READ
            self._receive(sock)
        if not self.timeline.done:
            sock.close()

    def _receive(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(65_536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        now = time.monotonic()
        begins = not self._response.status
        body = self._response.feed(data)
        if self._response.content_type == "text/event-stream" and self._response.status < 400:
            self._read_events(body, now, begins)
        else:
            self._body += body
        if not self.timeline.done and (not data or self._response.complete):
            self._end(now)

    def _read_events(self, body: bytes, now: float, begins: bool) -> None:
        note, timeline = self._api.note, self.timeline
        if begins:
            self._api.accept(timeline, now)
        for frame in self._frames.feed(body):
            if event := sse.fields(frame):
                note(timeline, now, event[1], event[2])
                if timeline.done:
                    return

    def _end(self, now: float) -> None:
        response = self._response
        if not response.status:
            raise Failure("connection_lost", "The server closed the connection without an answer.")
        if not response.may_end_here:
            raise Failure("stream_cut", "The answer was cut off in the middle.")
        # A worker that is about to end sends Parley's clients to the same address, where another one accepts.
        if response.status == 307 and b'"restarting"' in self._body and self._redirects < _REDIRECTS:
            self._redirects += 1
            return
        if response.content_type != "text/event-stream" or response.status >= 400:
            response_object(response.status, response.reason, self._body)
            raise Failure("not_the_contract", "The question was not answered with events.", response.status)
        self._api.close(self.timeline, now)
        if not self.timeline.done:
            raise self.timeline.failure or Failure("stream_ended", "The events ended without their last one.")


def connected(address: Address, owner: Task) -> Generator[int, None, socket.socket]:
    """Connect, with TLS if the address has it; yield where it would block. Return the socket. Raises OSError."""
    sock = owner.sock = address.begin_to_connect()
    yield WRITE
    if error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(error, os.strerror(error))
    sock = owner.sock = address.secured(sock)
    while isinstance(sock, ssl.SSLSocket):
        try:
            sock.do_handshake()
            break
        except ssl.SSLWantReadError:
            yield READ
        except ssl.SSLWantWriteError:
            yield WRITE
    return sock


def sent(sock: socket.socket, data: bytes) -> Iterator[int]:
    """Send everything; yield where it would block."""
    while data:
        try:
            data = data[sock.send(data) :]
        except (BlockingIOError, ssl.SSLWantWriteError):
            yield WRITE
