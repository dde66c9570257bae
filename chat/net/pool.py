"""Connections to servers that are kept alive between requests.

A server, or a proxy before it, may answer twice, and the second response may arrive late. HTTP/1.1 cannot tell it
from the response to the next request. So a connection is quarantined before another turn may use it. Data that
arrives meanwhile shows that it is out of step; from then on, that origin's connections serve one request each.
"""

from __future__ import annotations

import collections
import itertools
import threading
import time
from collections.abc import Callable

from chat.net.connection import Connection
from chat.net.request import Origin
from chat.runtime import threads

KEEPALIVE_S = 30.0
MAX_IDLE_CONNECTIONS = 1000
# Seconds that a connection must have been silent before another turn uses it.
QUARANTINE_S = 1.0
# Beyond this number of distrusted origins, the oldest is trusted again.
_MAX_DISTRUSTED = 100
# Checking one takes 8 µs, during which no request gets a connection.
_CHECKED_AT_ONCE = 100


class _Idle:
    """An idle connection, its last turn, and the time since when it is idle."""

    __slots__ = ("connection", "since", "turn")

    def __init__(self, connection: Connection, turn: object, since: float) -> None:
        self.connection = connection
        self.turn = turn
        self.since = since


class _OriginPool:
    """Connections of one origin, oldest first: the quarantined and the ready ones."""

    def __init__(self) -> None:
        self.quarantined: collections.deque[_Idle] = collections.deque()
        self.ready: collections.deque[_Idle] = collections.deque()

    def acquire(self, turn: object, now: float) -> Connection | None:
        """Remove and return the best connection for `turn`, or None."""
        if turn is not None and self.quarantined and self.quarantined[-1].turn is turn:
            return self.quarantined.pop().connection  # a late response could only be this turn's own
        ready_before = now - QUARANTINE_S
        while self.quarantined and self.quarantined[0].since <= ready_before:
            self.ready.append(self.quarantined.popleft())
        return self.ready.pop().connection if self.ready else None

    def evict(self, limit: int, now: float) -> list[Connection]:
        """Remove and return connections that are too old or exceed `limit`."""
        oldest = now - KEEPALIVE_S
        evicted = []
        for idle in (self.ready, self.quarantined):
            while idle and (idle[0].since < oldest or len(self.ready) + len(self.quarantined) > limit):
                evicted.append(idle.popleft().connection)
        return evicted

    def evict_unusable(self, start: int) -> tuple[list[Connection], int | None]:
        """Remove and return connections that the server has closed or that have received data.

        Checks a slice of the connections, from number `start` on. Returns also the start of the next slice, if any.
        """
        everything = itertools.chain(self.ready, self.quarantined)
        checked = list(itertools.islice(everything, start, start + _CHECKED_AT_ONCE))
        unusable = [idle for idle in checked if not idle.connection.is_reusable()]
        for idle in unusable:
            (self.ready if idle in self.ready else self.quarantined).remove(idle)
        more = len(checked) == _CHECKED_AT_ONCE
        return [idle.connection for idle in unusable], start + len(checked) - len(unusable) if more else None


class ConnectionPool:
    """Idle connections by origin: the last used is used next, the others grow old and are closed.

    `close_unusable` is to be called every few seconds: without it, a connection would stay until the next request.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, max_idle_connections: int = MAX_IDLE_CONNECTIONS
    ) -> None:
        self._clock = clock
        self._max_idle_connections = max_idle_connections
        self._lock = threading.Lock()
        self._by_origin: dict[Origin, _OriginPool] = {}
        self._distrusted: dict[Origin, None] = {}
        self._closed = False

    def acquire(self, origin: Origin, turn: object = None) -> Connection | None:
        """Return a connection that is open and in step, or None. `turn` may get its own last one at once."""
        while (connection := self._pop(origin, turn)) is not None:
            if connection.is_reusable():
                return connection
            if connection.has_unsolicited_data:
                self.distrust(origin)
            connection.close()
        return None

    def release(self, origin: Origin, connection: Connection, turn: object = None) -> None:
        """Return a connection to the pool, after its response has been read whole."""
        with self._lock:
            origin_pool = self._by_origin.setdefault(origin, _OriginPool())
            now = self._clock()
            origin_pool.quarantined.append(_Idle(connection, turn, now))
            rejected = self._closed or origin in self._distrusted
            evicted = origin_pool.evict(0 if rejected else self._max_idle_connections, now)
        for each in evicted:
            each.close()

    def distrust(self, origin: Origin) -> None:
        """Keep no more connections to `origin`, because it sent unsolicited data."""
        with self._lock:
            self._distrusted[origin] = None
            while len(self._distrusted) > _MAX_DISTRUSTED:
                del self._distrusted[next(iter(self._distrusted))]
            origin_pool = self._by_origin.get(origin)
            evicted = origin_pool.evict(0, self._clock()) if origin_pool is not None else []
        for each in evicted:
            each.close()

    def close_unusable(self) -> None:
        """Close the idle connections that are too old, that the server has closed, or that have received data."""
        with self._lock:
            origins = list(self._by_origin.items())
        for origin, origin_pool in origins:
            with self._lock:
                evicted = origin_pool.evict(self._max_idle_connections, self._clock())
            start: int | None = 0
            while start is not None:
                with self._lock:
                    unusable, start = origin_pool.evict_unusable(start)
                evicted += unusable
                threads.yield_now()
            for each in evicted:
                each.close()
            if any(each.has_unsolicited_data for each in evicted):
                self.distrust(origin)

    def close(self) -> None:
        """Close all idle connections; later ones are closed when they are released."""
        with self._lock:
            self._closed = True
            now = self._clock()
            evicted = [each for origin_pool in self._by_origin.values() for each in origin_pool.evict(0, now)]
        for each in evicted:
            each.close()

    def _pop(self, origin: Origin, turn: object) -> Connection | None:
        with self._lock:
            origin_pool = self._by_origin.get(origin)
            if origin_pool is None:
                return None
            now = self._clock()
            evicted = origin_pool.evict(self._max_idle_connections, now)
            connection = origin_pool.acquire(turn, now)
        for each in evicted:
            each.close()
        return connection
