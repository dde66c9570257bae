"""HTTP server of a gthread worker: one loop reads requests, and complete requests get a thread.

gunicorn's own loop gives each new connection a thread, so a few slow or idle clients block the worker. Here the parser
runs in a greenlet of the loop's thread, which is suspended whenever it needs more bytes.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from gunicorn.http.errors import NoMoreData

from chat.runtime import wait_budget
from chat.runtime.accept import PAUSE_S, ExhaustionLog
from chat.runtime.http.bounds import Bounds, Refusal, overloaded
from chat.runtime.http.connection import Connection
from chat.runtime.http.request_budget import BodyMemory
from chat.runtime.http.responses import Responses
from chat.runtime.http.sending import reset
from chat.runtime.http.thread_slots import RequestClassifier, RequestKind, ThreadSlots
from config.server import capacity
from config.settings import ANSWERS_NOT_TAKEN

_DISCONNECTED = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF)
_IDLE_S, _MAINTAIN_S = 1.0, 0.25
# A worker without a free turn slot checks for new connections at this interval, and leaves them to the other workers
# for this long.
_FULL_CHECK_S = 0.025
_DEFER_S = 0.5
_MAX_ACCEPTS = 32
# A connection that has been silent for longer will hardly become a turn.
_FRESH_S = 5.0
_WAITING_TURNS = 256
_HEALTH_THREADS = 4
# Time after which queued turns get threads during a shutdown: the application then refuses them.
_SHUTDOWN_ADMIT_S = 1.5


class ThreadServer:
    """Replacement of gunicorn's `ThreadWorker.run` that uses the worker's signals, poller and requests.

    There are `threads` slots for turns, with a FIFO queue, four times as many for followers, and others for short
    requests, which therefore never wait for long responses. Health checks have a few of their own: short requests may
    all be waiting for the database.
    """

    def __init__(self, worker: Any, bounds: Bounds, request_kind: RequestClassifier) -> None:
        self._worker = worker
        self._bounds = bounds
        self._request_kind = request_kind
        threads = worker.cfg.threads
        self._slots = {
            RequestKind.TURN: ThreadSlots(threads, _WAITING_TURNS),
            RequestKind.FOLLOW: ThreadSlots(threads * 4, 0),
            RequestKind.HEALTH: ThreadSlots(_HEALTH_THREADS, worker.worker_connections),
            RequestKind.SHORT: ThreadSlots(max(4, threads), worker.worker_connections),
        }
        slots = sum(each.size for each in self._slots.values())
        self._threads = ThreadPoolExecutor(slots + _WAITING_TURNS + ANSWERS_NOT_TAKEN, "request")
        self._responses = Responses()
        self._body_memory = BodyMemory()
        self._open: dict[Connection, None] = {}
        self._arriving: dict[Connection, None] = {}
        self._closing: dict[Connection, float] = {}
        self._listening = False
        self._exhaustion_log = ExhaustionLog(worker.log)
        self._pause_until = 0.0
        self._pending_since = 0.0
        self._maintained_at = 0.0
        self._reserve = max(2, worker.worker_connections // 20)

    def install(self) -> None:
        self._worker.tpool = self._threads  # ended by the worker's signal handlers
        self._worker.run = self.run

    def run(self) -> None:
        worker = self._worker
        queue = worker.method_queue
        worker.poller.register(queue.fileno(), selectors.EVENT_READ, queue.run_callbacks)
        for listener in worker.sockets:
            listener.setblocking(False)
        while worker.alive and worker.is_parent_alive():
            worker.notify()
            poll_only = self._control_listening()
            worker.wait_for_and_dispatch_events(_FULL_CHECK_S if poll_only else self._pause_s())
            self._maintain()
        self._shut_down()

    def _shut_down(self) -> None:
        """Stop listening at once, which leaves the queue to other workers, and finish the open connections."""
        worker = self._worker
        self._listen(on=False)
        capacity.publish(worker.capacity_row, 0)
        for listener in worker.sockets:
            listener.close()
        since = time.monotonic()
        released = False
        while self._open and time.monotonic() - since < worker.cfg.graceful_timeout:
            worker.notify()
            if not released and time.monotonic() - since >= _SHUTDOWN_ADMIT_S:
                released = True
                for connection in self._slots[RequestKind.TURN].admit_all():
                    self._start(connection)
            worker.wait_for_and_dispatch_events(self._pause_s())
            self._maintain()
        self._threads.shutdown(wait=False)
        worker.poller.close()
        worker.method_queue.close()

    def _pause_s(self) -> float:
        if self._slots[RequestKind.SHORT].waiting:
            return _FULL_CHECK_S
        busy = self._arriving or self._closing or self._slots[RequestKind.TURN].waiting or not self._worker.alive
        return _MAINTAIN_S if busy else _IDLE_S

    # Accepting connections

    def _control_listening(self) -> bool:
        """Listen while there are free slots for turns. Return whether to poll at intervals instead.

        A full worker also accepts connections that no other worker has accepted for a while.
        """
        self._make_room()
        full: bool = len(self._open) >= self._worker.worker_connections
        turns = self._slots[RequestKind.TURN]
        free = 0 if full else max(0, turns.free - self._fresh())
        capacity.publish(self._worker.capacity_row, free or min(0, turns.free), turns.waiting)
        paused = time.monotonic() < self._pause_until
        self._listen(on=free > 0 and not paused)
        if free or full or not self._has_pending_connections():
            self._pending_since = 0.0
        elif self._others_full():
            for listener in self._worker.sockets:
                for _ in range(_MAX_ACCEPTS):
                    if not self._accept(listener):
                        break
        return paused or not free

    def _others_full(self) -> bool:
        """Return whether no other worker accepts new connections: all are full or do not react."""
        now = time.monotonic()
        self._pending_since = self._pending_since or now
        waited_s = now - self._pending_since
        return waited_s >= _DEFER_S or (waited_s > 0 and capacity.free_elsewhere(self._worker.capacity_row) <= 0)

    def _fresh(self) -> int:
        """Return how many connections may still become turns."""
        latest = time.monotonic() - _FRESH_S
        return sum(1 for connection in self._arriving if connection.since > latest)

    def _listen(self, *, on: bool) -> None:
        if on == self._listening:
            return
        self._listening = on
        for listener in self._worker.sockets:
            if on:
                self._worker.poller.register(listener, selectors.EVENT_READ, self._accept_one)
            else:
                self._worker.poller.unregister(listener)

    def _has_pending_connections(self) -> bool:
        with selectors.PollSelector() as selector:
            for listener in self._worker.sockets:
                selector.register(listener, selectors.EVENT_READ)
            return bool(selector.select(0))

    def _accept_one(self, listener: Any) -> None:
        if len(self._open) < self._worker.worker_connections and self._slots[RequestKind.TURN].free > self._fresh():
            self._accept(listener)

    def _accept(self, listener: Any) -> bool:
        try:
            sock, address = listener.accept()
        except OSError as error:
            if self._exhaustion_log.handles(error):
                self._pause_until = time.monotonic() + PAUSE_S
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                self._worker.log.warning("No connection could be accepted: %s", error)
            return False
        sock.setblocking(False)
        connection = Connection(
            self._worker.cfg, sock, address, listener.getsockname(), self._bounds, self._body_memory
        )
        self._open[connection] = self._arriving[connection] = None
        self._worker.poller.register(sock, selectors.EVENT_READ, partial(self._readable, connection))
        self._advance(connection, connection.begin)
        return True

    # Reading requests

    def _readable(self, connection: Connection, _sock: Any) -> None:
        self._advance(connection, connection.read)

    def _advance(self, connection: Connection, step: Callable[[], bool]) -> None:
        """Run the parser until it needs more bytes or the request is complete."""
        try:
            if step():
                self._dispatch(connection)
        except (StopIteration, NoMoreData):
            self._forget(connection)
        except Refusal as refusal:
            self._refuse(connection, refusal)
        except OSError as error:
            if error.errno not in _DISCONNECTED:
                self._malformed(connection, error)
            self._forget(connection)
        except Exception as error:  # noqa: BLE001 - gunicorn answers any error
            self._malformed(connection, error)
            self._close_gracefully(connection)

    def _malformed(self, connection: Connection, error: Exception) -> None:
        with contextlib.suppress(OSError):
            self._worker.handle_error(connection.request, connection.sock, connection.client, error)

    def _refuse(self, connection: Connection, refusal: Refusal) -> None:
        self._worker.log.debug(
            "Refused a request of %s: %s", connection.client[0] if connection.client else "", refusal
        )
        with contextlib.suppress(OSError):
            connection.plain.setblocking(False)
            connection.plain.send(refusal.response)
        self._close_gracefully(connection)

    def _dispatch(self, connection: Connection) -> None:
        self._arriving.pop(connection, None)
        connection.complete_at = time.monotonic()
        self._worker.poller.unregister(connection.plain)
        connection.kind = self._request_kind(*connection.routing_key)
        connection.on_wait = self._on_wait
        slots = self._slots[connection.kind]
        entered = slots.acquire(connection)
        if entered is None and self._free_slots(connection.kind, 1):
            entered = slots.acquire(connection)
        if entered is None:
            self._refuse(connection, overloaded())
        elif entered:
            self._start(connection)

    # Responses, each in a thread

    def _start(self, connection: Connection) -> None:
        self._responses.begin(connection)
        self._threads.submit(self._answer, connection)

    def _answer(self, connection: Connection) -> None:
        worker = self._worker
        wait_budget.arrived(connection.complete_at)
        try:
            connection.plain.setblocking(True)
            worker.handle_request(connection.request, connection)
        except StopIteration:
            pass
        except TimeoutError:
            worker.log.debug("Gave up an answer that its client does not read")
            connection.abandoned = True
        except OSError as error:
            if error.errno not in _DISCONNECTED:
                worker.log.exception("Socket error processing request.")
        except Exception as error:  # noqa: BLE001 - gunicorn answers 500, and logs it
            worker.handle_error(connection.request, connection.sock, connection.client, error)
        finally:
            worker.method_queue.defer(self._answered, connection)

    def _answered(self, connection: Connection) -> None:
        self._responses.end(connection)
        if not connection.slot_released:
            self._release_slot(connection.kind)
        if connection.abandoned:
            self._forget(connection)
        else:
            self._close_gracefully(connection)

    def _release_slot(self, kind: RequestKind) -> None:
        successor = self._slots[kind].release()
        if successor is not None:
            self._start(successor)

    def _use_other_workers_slots(self) -> None:
        """Start one queued turn beyond the slots of this worker if other workers have free slots."""
        slots = self._slots[RequestKind.TURN]
        if slots.waiting and capacity.free_elsewhere(self._worker.capacity_row) + min(0, slots.free) > 0:
            self._start(slots.admit_next())
            capacity.publish(self._worker.capacity_row, min(0, slots.free), slots.waiting)

    def _on_wait(self) -> None:
        """Release slots if short requests are waiting. Called by a thread whose client does not read."""
        if self._slots[RequestKind.SHORT].waiting:
            self._worker.method_queue.defer(self._release_blocked_slots)

    def _release_blocked_slots(self) -> None:
        for kind, slots in self._slots.items():
            if slots.waiting:
                self._free_slots(kind, slots.waiting)

    def _free_slots(self, kind: RequestKind, wanted: int) -> int:
        """Free up to `wanted` slots of responses that wait for their clients. Return the number freed.

        If too many responses have no slot already, abort those that have waited the longest.
        """
        now = time.monotonic()
        spare = ANSWERS_NOT_TAKEN - len(self._responses.without_slot())
        blocked = self._responses.blocked(now - self._blocked_limit_s(kind))
        released = [each for each in blocked if each.kind is kind and not each.slot_released][: min(spare, wanted)]
        for connection in released:
            self._responses.release_slot(connection)
            self._release_slot(kind)
        if spare <= wanted:
            late = set(self._responses.blocked(now - self._bounds.blocked_limit_s))
            for connection in [each for each in self._responses.without_slot() if each in late][:wanted]:
                connection.abandon()
        return len(released)

    def _blocked_limit_s(self, kind: RequestKind) -> float:
        """Return how long a blocked response of this kind keeps its slot. The client of a stream may pause briefly."""
        return 0.0 if kind is RequestKind.SHORT else self._bounds.blocked_limit_s

    # Closing connections

    def _close_gracefully(self, connection: Connection) -> None:
        """Shut down the sending side and give the client a moment to read, without blocking the loop."""
        self._arriving.pop(connection, None)
        connection.end()
        sock = connection.plain
        try:
            sock.setblocking(False)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._forget(connection)
            return
        self._closing[connection] = time.monotonic() + self._bounds.linger_s
        self._unwatch(connection)
        self._worker.poller.register(sock, selectors.EVENT_READ, partial(self._discard_rest, connection))
        self._discard_rest(connection, sock)

    def _discard_rest(self, connection: Connection, sock: Any) -> None:
        try:
            data = sock.recv(8192)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        connection.discarded_bytes += len(data)
        if not data or connection.discarded_bytes > self._bounds.linger_bytes:
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        self._unwatch(connection)
        self._open.pop(connection, None)
        self._arriving.pop(connection, None)
        self._closing.pop(connection, None)
        connection.end()
        connection.request = connection.sock = None  # both refer to the connection: break the cycle
        if connection.abandoned:
            reset(connection.plain)
        else:
            with contextlib.suppress(OSError):
                connection.plain.close()

    def _unwatch(self, connection: Connection) -> None:
        with contextlib.suppress(KeyError, ValueError, OSError):
            self._worker.poller.unregister(connection.plain)

    def _maintain(self) -> None:
        """Free slots, refuse late requests, close lingering connections."""
        self._release_blocked_slots()
        now = time.monotonic()
        if now - self._maintained_at < _MAINTAIN_S:
            return
        self._maintained_at = now
        self._use_other_workers_slots()
        for connection in [each for each in self._arriving if each.budget.deadline <= now]:
            self._advance(connection, connection.give_up)
        for connection in [each for each, until in self._closing.items() if until <= now]:
            self._forget(connection)

    def _make_room(self) -> None:
        """Close connections when they run out: lingering ones, then those that have been waiting the longest.

        These wait for the rest of a request or for their client to read a response.
        """
        excess = len(self._open) + self._reserve - self._worker.worker_connections
        if excess <= 0:
            return
        latest = time.monotonic() - self._bounds.blocked_limit_s
        late = itertools.takewhile(lambda connection: connection.since < latest, self._arriving)
        ended = list(itertools.islice(itertools.chain(self._closing, late), excess))
        for connection in ended:
            self._forget(connection)
        for connection in self._responses.blocked(latest)[: excess - len(ended)]:
            connection.abandon()
