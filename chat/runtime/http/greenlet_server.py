"""HTTP server of a gevent worker: one greenlet a connection, each with limits on time, bytes and CPU."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from typing import Any

import gevent
from gunicorn import http
from gunicorn.http.errors import NoMoreData

from chat.runtime import fair_queue, threads
from chat.runtime.fair_queue import SLICE_S, FairQueue, next_read_size
from chat.runtime.http.bounds import Bounds, Refusal
from chat.runtime.http.request_budget import BodyMemory, RequestBudget, read_body
from chat.runtime.http.sending import reset, send_all

_DISCONNECTED = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF)
_LOOK_S = 0.1
# A shorter wait has hardly let other greenlets run.
_MIN_WAIT_S = 0.001
# Size of the first read of a connection: larger than nearly every head.
_FIRST_READ = 2048


class GreenletServer:
    """Replacement of gunicorn's `AsyncWorker.handle`, which drains unread bodies without a limit."""

    def __init__(self, worker: Any, bounds: Bounds) -> None:
        self._worker = worker
        self._bounds = bounds
        self._body_memory = BodyMemory()
        self._fair_queue = fair_queue.for_this_worker()
        self._open = 0
        # Connections that keep the worker waiting, for a request or for reading a response; the longest first.
        self._waits: dict[BoundedSocket, float] = {}
        self._reserve = max(2, worker.worker_connections // 20)

    def install(self) -> None:
        self._worker.handle = self.handle
        # Without Flask's `__call__`, which only passes the call on.
        self._worker.wsgi = getattr(self._worker.wsgi, "wsgi_app", self._worker.wsgi)
        threads.start("idle connections of clients", self._close_idle_when_full)

    def handle(self, listener: Any, client: Any, address: Any) -> None:
        """Serve one connection to its end."""
        # One function, because each frame beneath a response counts: docs/performance.md, "Memory of a turn".
        connection = BoundedSocket(client, self._bounds, self._body_memory, self._waits, self._fair_queue)
        request = None
        self._open += 1
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
            self._worker.log.debug("Gave up an answer that %s does not read", _ip(address))
            connection.abandon()
        except OSError as error:
            if error.errno not in _DISCONNECTED:
                self._malformed(request, connection, address, error)
        except Exception as error:  # noqa: BLE001 - gunicorn has an answer to each of its own, and to any other
            self._malformed(request, connection, address, error)
        finally:
            connection.close()
            self._open -= 1

    def _malformed(self, request: Any, connection: BoundedSocket, address: Any, error: Exception) -> None:
        connection.linger = True
        self._worker.handle_error(request, connection, address, error)

    def _close_idle_when_full(self) -> None:
        """Close the connections that have kept the worker waiting the longest, when connections run out."""
        while True:
            gevent.sleep(_LOOK_S)
            excess = self._open + self._reserve - self._worker.worker_connections
            if excess > 0:
                latest = time.monotonic() - self._bounds.blocked_limit_s
                late = [connection for connection, since in list(self._waits.items())[:excess] if since < latest]
                for connection in late:
                    connection.make_room()


class BoundedSocket:
    """Socket of a connection for gunicorn's parser and responses. Other attributes are those of the socket."""

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
        # CPU time for this connection since it last waited in the fair queue.
        self._worked_s = 0.0
        # By the thread's CPU clock, so that other load on the machine does not shorten a slice.
        self._working_since = time.thread_time()
        self._piece, self._last_size = _FIRST_READ, 0
        self.budget = RequestBudget(bounds, memory)
        self.linger = False
        waits[self] = time.monotonic()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    @property
    def plain(self) -> Any:
        """Return the wrapped socket: gevent's, or a TLS one."""
        return self._sock

    def expect(self) -> None:
        """Expect the next request."""
        # It may have waited for most of that time, so one request counts as half a slice at most.
        self._count(min(time.thread_time() - self._working_since, SLICE_S / 2))
        self.budget.expect_next_request()
        self._waits[self] = time.monotonic()

    def arrived(self) -> None:
        self.budget.end()
        self._waits.pop(self, None)

    def recv(self, size: int) -> bytes:
        """Return available bytes of the request. Raises Refusal or NoMoreData if it is too late or too large."""
        worked_s = time.thread_time() - self._working_since
        if self._last_size:
            self._piece = next_read_size(self._piece, self._last_size, worked_s, SLICE_S)
        self._count(worked_s)
        since = time.monotonic()
        self._sock.settimeout(self.budget.remaining_s(since))
        try:
            data = self._sock.recv(min(size, self._piece))
        except TimeoutError:
            self.budget.raise_timeout()
            raise
        self._working_since = time.thread_time()
        if not self.budget.began and time.monotonic() - since > _MIN_WAIT_S:
            self._worked_s = 0.0
        self._last_size = len(data)
        return self.budget.count(data)

    def sendall(self, data: bytes | memoryview) -> None:
        self._waits[self] = time.monotonic()
        send_all(self._sock, data, self._bounds.request_s)
        self._waits.pop(self, None)

    def send(self, data: bytes) -> int:
        self.sendall(data)
        return len(data)

    def make_room(self) -> None:
        """Shut down the connection, to make room for another one."""
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
        """Wait in the fair queue if the slice is used up: a connection that always has data never blocks."""
        self._worked_s += worked_s
        if self._worked_s > SLICE_S:
            self._fair_queue.wait()
            self._worked_s = 0.0
        self._working_since = time.thread_time()

    def _linger(self) -> None:
        """Read a little of the remaining request, because closing earlier would reset the connection."""
        deadline = time.monotonic() + self._bounds.linger_s
        count = 0
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
            while count < self._bounds.linger_bytes and (left := deadline - time.monotonic()) > 0:
                self._sock.settimeout(left)
                data = self._sock.recv(8192)
                if not data:
                    return
                count += len(data)


def _ip(address: Any) -> str:
    return str(address[0]) if address else "unknown"
