"""HTTP in a gthread worker: requests arrive in one loop, and take a thread only once they are whole.

gunicorn's own loop gives each connection a thread as it comes: a few that drip, that never close or that are never
read from, and nobody is answered any more. Here the parser runs in a greenlet of the loop's own thread, which is left
wherever it would wait for bytes.
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

from chat.runtime.accept import PAUSE_S, ExhaustionLog
from chat.runtime.http.bounds import Bounds, Refusal, no_room
from chat.runtime.http.connection import Connection
from chat.runtime.http.request_budget import BodyMemory
from chat.runtime.http.responses import Responses
from chat.runtime.http.sending import reset
from chat.runtime.http.thread_slots import KindOf, RequestKind, ThreadSlots
from config.server import capacity
from config.settings import ANSWERS_NOT_TAKEN

_GONE = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF)
_IDLE_S, _LOOK_S = 1.0, 0.25
# How often a worker that has no place for a turn looks who knocks, and how long it leaves them to one that has.
_AJAR_S = 0.025
_NEIGHBOURLY_S = 0.5
_AT_ONCE = 32
# A connection that has said nothing for longer will hardly be a turn.
_FRESH_S = 5.0
_WAITING_TURNS = 256
# Until the application begins no more turns, and sends whoever asks for one to another worker.
_LEAVING_S = 1.5


class ThreadServer:
    """Serves in place of gunicorn's `ThreadWorker.run`, with that worker's signals, poller and requests.

    Turns have `threads` places, and who finds none waits in his order. Followers have four times as many, and all the
    rest some of their own, so that answers that last leave room for what is short.
    """

    def __init__(self, worker: Any, bounds: Bounds, request_kind: KindOf) -> None:
        self._worker = worker
        self._bounds = bounds
        self._lane_of = request_kind
        threads = worker.cfg.threads
        self._lanes = {
            RequestKind.TURN: ThreadSlots(threads, _WAITING_TURNS),
            RequestKind.FOLLOW: ThreadSlots(threads * 4, 0),
            RequestKind.SHORT: ThreadSlots(max(4, threads), worker.worker_connections),
        }
        self._threads = ThreadPoolExecutor(max(4, threads) + threads * 5 + _WAITING_TURNS + ANSWERS_NOT_TAKEN)
        self._responses = Responses()
        self._body_memory = BodyMemory()
        self._open: dict[Connection, None] = {}
        self._arriving: dict[Connection, None] = {}
        self._closing: dict[Connection, float] = {}
        self._listening = False
        self._exhaustion_log = ExhaustionLog(worker.log)
        self._pause_until = 0.0
        self._knocked_at = 0.0
        self._looked_at = 0.0
        self._reserve = max(2, worker.worker_connections // 20)

    def take_over(self) -> None:
        self._worker.tpool = self._threads  # its signals end it
        self._worker.run = self.run

    def run(self) -> None:
        worker = self._worker
        queue = worker.method_queue
        worker.poller.register(queue.fileno(), selectors.EVENT_READ, queue.run_callbacks)
        for listener in worker.sockets:
            listener.setblocking(False)
        while worker.alive and worker.is_parent_alive():
            worker.notify()
            ajar = self._attend_door()
            worker.wait_for_and_dispatch_events(_AJAR_S if ajar else self._pause_s())
            self._look_after()
        self._leave()

    def _leave(self) -> None:
        """Take no more connections, at once: what is in the queue is for others. Bring to an end what there is."""
        worker = self._worker
        self._listen(on=False)
        capacity.publish(worker.capacity_row, 0)
        for listener in worker.sockets:
            listener.close()
        since = time.monotonic()
        released = False
        while self._open and time.monotonic() - since < worker.cfg.graceful_timeout:
            worker.notify()
            if not released and time.monotonic() - since >= _LEAVING_S:
                released = True
                for connection in self._lanes[RequestKind.TURN].admit_all():
                    self._start(connection)
            worker.wait_for_and_dispatch_events(self._pause_s())
            self._look_after()
        self._threads.shutdown(wait=False)
        worker.poller.close()
        worker.method_queue.close()

    def _pause_s(self) -> float:
        if self._lanes[RequestKind.SHORT].waiting:
            return _AJAR_S
        busy = self._arriving or self._closing or self._lanes[RequestKind.TURN].waiting or not self._worker.alive
        return _LOOK_S if busy else _IDLE_S

    # The door

    def _attend_door(self) -> bool:
        """Accept while there are places for turns. Returns whether newcomers are to be looked for now and then only:
        those whom no neighbour has taken in meanwhile are taken in all the same.
        """
        self._make_room()
        full: bool = len(self._open) >= self._worker.worker_connections
        turns = self._lanes[RequestKind.TURN]
        free = 0 if full else max(0, turns.free - self._fresh())
        capacity.publish(self._worker.capacity_row, free or min(0, turns.free))
        paused = time.monotonic() < self._pause_until
        self._listen(on=free > 0 and not paused)
        if free or full or not self._knocking():
            self._knocked_at = 0.0
        elif self._nobody_else():
            for listener in self._worker.sockets:
                for _ in range(_AT_ONCE):
                    if not self._accept(listener):
                        break
        return paused or not free

    def _nobody_else(self) -> bool:
        """Return whether none of the others takes in those who knock: they have no places either, or do not move."""
        now = time.monotonic()
        self._knocked_at = self._knocked_at or now
        waited_s = now - self._knocked_at
        return waited_s >= _NEIGHBOURLY_S or (waited_s > 0 and capacity.free_elsewhere(self._worker.capacity_row) <= 0)

    def _fresh(self) -> int:
        """How many connections may yet turn out to be turns."""
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

    def _knocking(self) -> bool:
        with selectors.PollSelector() as door:
            for listener in self._worker.sockets:
                door.register(listener, selectors.EVENT_READ)
            return bool(door.select(0))

    def _accept_one(self, listener: Any) -> None:
        if len(self._open) < self._worker.worker_connections and self._lanes[RequestKind.TURN].free > self._fresh():
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
        self._go_on(connection, connection.begin)
        return True

    # Requests as they come

    def _readable(self, connection: Connection, _sock: Any) -> None:
        self._go_on(connection, connection.read)

    def _go_on(self, connection: Connection, step: Callable[[], bool]) -> None:
        """One step of the parser's: to the next bytes it waits for, or to the end of the request."""
        try:
            if step():
                self._whole(connection)
        except (StopIteration, NoMoreData):
            self._forget(connection)
        except Refusal as refusal:
            self._refuse(connection, refusal)
        except OSError as error:
            if error.errno not in _GONE:
                self._malformed(connection, error)
            self._forget(connection)
        except Exception as error:  # noqa: BLE001 - gunicorn has an answer to each of its own, and to any other
            self._malformed(connection, error)
            self._say_goodbye(connection)

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
        self._say_goodbye(connection)

    def _whole(self, connection: Connection) -> None:
        self._arriving.pop(connection, None)
        self._worker.poller.unregister(connection.plain)
        connection.lane = self._lane_of(*connection.asked)
        connection.on_wait = self._on_wait
        lane = self._lanes[connection.lane]
        entered = lane.acquire(connection)
        if entered is None and self._free_places(connection.lane, 1):
            entered = lane.acquire(connection)
        if entered is None:
            self._refuse(connection, no_room())
        elif entered:
            self._start(connection)

    # Responses, each in a thread

    def _start(self, connection: Connection) -> None:
        self._responses.begin(connection)
        self._threads.submit(self._answer, connection)

    def _answer(self, connection: Connection) -> None:
        worker = self._worker
        try:
            connection.plain.setblocking(True)
            worker.handle_request(connection.request, connection)
        except StopIteration:
            pass
        except TimeoutError:
            worker.log.debug("Gave up an answer that is not taken")
            connection.abandoned = True
        except OSError as error:
            if error.errno not in _GONE:
                worker.log.exception("Socket error processing request.")
        except Exception as error:  # noqa: BLE001 - gunicorn answers 500, and logs it
            worker.handle_error(connection.request, connection.sock, connection.client, error)
        finally:
            worker.method_queue.defer(self._answered, connection)

    def _answered(self, connection: Connection) -> None:
        self._responses.end(connection)
        if not connection.slot_released:
            self._free_place(connection.lane)
        if connection.abandoned:
            self._forget(connection)
        else:
            self._say_goodbye(connection)

    def _free_place(self, lane: RequestKind) -> None:
        next_one = self._lanes[lane].leave()
        if next_one is not None:
            self._start(next_one)

    def _use_neighbours_places(self) -> None:
        """Begin turns that wait here while another worker has places, as many as it has; each time, one."""
        lane = self._lanes[RequestKind.TURN]
        if lane.waiting and capacity.free_elsewhere(self._worker.capacity_row) + min(0, lane.free) > 0:
            self._start(lane.admit_next())
            capacity.publish(self._worker.capacity_row, min(0, lane.free))

    def _on_wait(self) -> None:
        """Called by a thread whose client does not take its answer."""
        if self._lanes[RequestKind.SHORT].waiting:
            self._worker.method_queue.defer(self._pass_places_on)

    def _pass_places_on(self) -> None:
        for kind, lane in self._lanes.items():
            if lane.waiting:
                self._free_places(kind, lane.waiting)

    def _free_places(self, kind: RequestKind, wanted: int) -> int:
        """Free up to `wanted` places of answers that only wait for their clients. Returns the number freed.

        Where too many have no place already, those that have waited the longest are ended.
        """
        now = time.monotonic()
        spare = ANSWERS_NOT_TAKEN - len(self._responses.without_slot())
        stuck = self._responses.blocked(now - self._patience_s(kind))
        chosen = [each for each in stuck if each.lane is kind and not each.slot_released][: min(spare, wanted)]
        for connection in chosen:
            self._responses.release_slot(connection)
            self._free_place(kind)
        if spare <= wanted:
            late = set(self._responses.blocked(now - self._bounds.patience_s))
            for connection in [each for each in self._responses.without_slot() if each in late][:wanted]:
                connection.abandon()
        return len(chosen)

    def _patience_s(self, kind: RequestKind) -> float:
        """How long an answer of this kind waits before its place is another's. A stream's client may pause briefly."""
        return 0.0 if kind is RequestKind.SHORT else self._bounds.patience_s

    # Ends

    def _say_goodbye(self, connection: Connection) -> None:
        """Send the end, and give the client a moment to see it: in the loop, which waits for nobody."""
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
        self._worker.poller.register(sock, selectors.EVENT_READ, partial(self._take_rest, connection))
        self._take_rest(connection, sock)

    def _take_rest(self, connection: Connection, sock: Any) -> None:
        try:
            data = sock.recv(8192)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        connection.taken_at_end += len(data)
        if not data or connection.taken_at_end > self._bounds.linger_bytes:
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        self._unwatch(connection)
        self._open.pop(connection, None)
        self._arriving.pop(connection, None)
        self._closing.pop(connection, None)
        connection.end()
        connection.request = connection.sock = None  # both refer to the connection
        if connection.abandoned:
            reset(connection.plain)
        else:
            with contextlib.suppress(OSError):
                connection.plain.close()

    def _unwatch(self, connection: Connection) -> None:
        with contextlib.suppress(KeyError, ValueError, OSError):
            self._worker.poller.unregister(connection.plain)

    def _look_after(self) -> None:
        """Free places, refuse what is late, and close what has lingered."""
        self._pass_places_on()
        now = time.monotonic()
        if now - self._looked_at < _LOOK_S:
            return
        self._looked_at = now
        self._use_neighbours_places()
        for connection in [each for each in self._arriving if each.budget.deadline <= now]:
            self._go_on(connection, connection.give_up)
        for connection in [each for each, until in self._closing.items() if until <= now]:
            self._forget(connection)

    def _make_room(self) -> None:
        """Where connections run out, end those that linger, and those that keep the worker waiting the longest:
        with the rest of a request, or with an answer."""
        lacking = len(self._open) + self._reserve - self._worker.worker_connections
        if lacking <= 0:
            return
        latest = time.monotonic() - self._bounds.patience_s
        late = itertools.takewhile(lambda connection: connection.since < latest, self._arriving)
        ended = list(itertools.islice(itertools.chain(self._closing, late), lacking))
        for connection in ended:
            self._forget(connection)
        for connection in self._responses.blocked(latest)[: lacking - len(ended)]:
            connection.abandon()
