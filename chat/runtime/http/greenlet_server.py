"""HTTP in a gevent worker: a greenlet a connection, each bound in time, bytes and attention."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from typing import Any

import gevent
from gunicorn import http
from gunicorn.http.errors import NoMoreData

from chat.runtime import fair_queue
from chat.runtime.fair_queue import SLICE_S, FairQueue, next_read_size
from chat.runtime.http.bounds import Bounds, Refusal
from chat.runtime.http.request_budget import BodyMemory, RequestBudget, read_body
from chat.runtime.http.sending import reset, send_all

_GONE = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF)
_LOOK_S = 0.1
# Who has waited for less has hardly let anybody else go on.
_WAITED_S = 0.001
# Of a connection's first bytes: more than nearly every head has.
_FIRST_PIECE = 2048


class GreenletServer:
    """Serves each connection in place of gunicorn's `AsyncWorker.handle`, which drains what nobody has read."""

    def __init__(self, worker: Any, bounds: Bounds) -> None:
        self._worker = worker
        self._bounds = bounds
        self._body_memory = BodyMemory()
        self._fair_queue = fair_queue.for_this_worker()
        self._open = 0
        # Those that keep the worker waiting for the rest of a request, or with an answer; the longest first.
        self._waits: dict[BoundedSocket, float] = {}
        self._reserve = max(2, worker.worker_connections // 20)

    @property
    def is_busy(self) -> bool:
        """Whether somebody has to wait for the loop's attention."""
        return self._fair_queue.is_contended

    def take_over(self) -> None:
        self._worker.handle = self.handle
        gevent.spawn(self._keep_room)

    def handle(self, listener: Any, client: Any, address: Any) -> None:
        """Serve one connection to its end."""
        connection = BoundedSocket(client, self._bounds, self._body_memory, self._waits, self._fair_queue)
        self._open += 1
        try:
            self._converse(listener, connection, address)
        finally:
            connection.close()
            self._open -= 1

    def _converse(self, listener: Any, connection: BoundedSocket, address: Any) -> None:
        request = None
        try:
            parser = http.get_parser(self._worker.cfg, connection, address)
            name = listener.getsockname()
            while True:
                request = None
                request = next(parser)
                read_body(request, connection, self._bounds)
                connection.arrived()
                self._worker.handle_request(name, request, connection, address)
                connection.expect()
        except (StopIteration, NoMoreData):
            pass
        except Refusal as refusal:
            self._worker.log.debug("Refused a request of %s: %s", _ip(address), refusal)
            connection.refuse(refusal)
        except TimeoutError:
            self._worker.log.debug("Gave up an answer that %s does not take", _ip(address))
            connection.abandon()
        except OSError as error:
            if error.errno not in _GONE:
                self._malformed(request, connection, address, error)
        except Exception as error:  # noqa: BLE001 - gunicorn has an answer to each of its own, and to any other
            self._malformed(request, connection, address, error)

    def _malformed(self, request: Any, connection: BoundedSocket, address: Any, error: Exception) -> None:
        connection.linger = True
        self._worker.handle_error(request, connection, address, error)

    def _keep_room(self) -> None:
        """Where connections run out, end those that have kept the worker waiting for the longest."""
        while True:
            gevent.sleep(_LOOK_S)
            lacking = self._open + self._reserve - self._worker.worker_connections
            if lacking > 0:
                latest = time.monotonic() - self._bounds.patience_s
                late = [connection for connection, since in list(self._waits.items())[:lacking] if since < latest]
                for connection in late:
                    connection.make_room()


class BoundedSocket:
    """A connection as gunicorn's parser and responses use it. What is not here is the socket's own."""

    def __init__(
        self,
        sock: Any,
        bounds: Bounds,
        memory: BodyMemory,
        waits: dict[BoundedSocket, float],
        queue: FairQueue,
    ) -> None:
        self._sock = sock
        self._bounds = bounds
        self._waits = waits
        self._fair_queue = queue
        # The work on what this connection sends, since it last waited for its turn.
        self._worked_s = 0.0
        # By the thread's own clock: on a machine that is busy with other things, a slice is not over sooner.
        self._working_since = time.thread_time()
        self._piece, self._taken = _FIRST_PIECE, 0
        self.budget = RequestBudget(bounds, memory)
        self.linger = False
        waits[self] = time.monotonic()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    @property
    def plain(self) -> Any:
        """The socket beneath: gevent's, or a TLS one."""
        return self._sock

    def expect(self) -> None:
        """The next request may come."""
        # Most of that time it may have waited for something: one request alone is not more than half a slice.
        self._count(min(time.thread_time() - self._working_since, SLICE_S / 2))
        self.budget.expect_next_request()
        self._waits[self] = time.monotonic()

    def arrived(self) -> None:
        self.budget.end()
        self._waits.pop(self, None)

    def recv(self, size: int) -> bytes:
        """What has come of the request. Raises Refusal or NoMoreData when its time or its bytes are used up."""
        worked_s = time.thread_time() - self._working_since
        if self._taken:
            self._piece = next_read_size(self._piece, self._taken, worked_s, SLICE_S)
        self._count(worked_s)
        since = time.monotonic()
        self._sock.settimeout(self.budget.remaining_s(since))
        try:
            data = self._sock.recv(min(size, self._piece))
        except TimeoutError:
            self.budget.raise_timeout()
            raise
        self._working_since = time.thread_time()
        if not self.budget.began and time.monotonic() - since > _WAITED_S:
            self._worked_s = 0.0
        self._taken = len(data)
        return self.budget.count(data)

    def sendall(self, data: bytes | memoryview) -> None:
        self._waits[self] = time.monotonic()
        send_all(self._sock, data, self._bounds.request_s)
        self._waits.pop(self, None)

    def send(self, data: bytes) -> int:
        self.sendall(data)
        return len(data)

    def make_room(self) -> None:
        """Be ended, by whoever needs the place."""
        self._waits.pop(self, None)
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def refuse(self, refusal: Refusal) -> None:
        self.linger = True
        with contextlib.suppress(OSError):
            self._sock.setblocking(False)
            self._sock.send(refusal.response)

    def abandon(self) -> None:
        reset(self._sock)

    def close(self) -> None:
        self.budget.end()
        self._waits.pop(self, None)
        if self.linger:
            self._linger()
        with contextlib.suppress(OSError):
            self._sock.close()

    def _count(self, worked_s: float) -> None:
        """Wait, if this connection has had its slice: one that always has data never waits by itself."""
        self._worked_s += worked_s
        if self._worked_s > SLICE_S:
            self._fair_queue.wait()
            self._worked_s = 0.0
        self._working_since = time.thread_time()

    def _linger(self) -> None:
        """Take a little of what still comes: the answer would be lost with a connection that is reset."""
        until = time.monotonic() + self._bounds.linger_s
        taken = 0
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
            while taken < self._bounds.linger_bytes and (left := until - time.monotonic()) > 0:
                self._sock.settimeout(left)
                data = self._sock.recv(8192)
                if not data:
                    return
                taken += len(data)


def _ip(address: Any) -> str:
    return str(address[0]) if address else "somebody"
