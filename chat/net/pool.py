"""Connections to servers that are kept alive between requests.

A server, or a proxy before it, may answer twice, and the second response may arrive late. HTTP/1.1 cannot tell it
from the response to the next request. So a connection is quarantined before another turn may use it. Data that
arrives meanwhile shows that it is out of step; from then on, that origin's connections serve one request each.
"""

from __future__ import annotations

import collections
import threading
import time

from chat.net.connection import Connection
from chat.net.request import Origin

KEEPALIVE_S = 30.0
MAX_IDLE_CONNECTIONS = 1000
# Seconds that a connection must have been silent before another turn uses it.
QUARANTINE_S = 1.0
# Beyond this number of distrusted origins, the oldest is trusted again.
_MAX_DISTRUSTED = 100


class _Idle:
    """An idle connection, its last turn, and the time since when it is idle."""

    __slots__ = ("connection", "since", "turn")

    def __init__(self, connection: Connection, turn: object) -> None:
        self.connection = connection
        self.turn = turn
        self.since = time.monotonic()


class _OriginPool:
    """Connections of one origin, oldest first: the quarantined and the ready ones."""

    def __init__(self) -> None:
        self.quarantined: collections.deque[_Idle] = collections.deque()
        self.ready: collections.deque[_Idle] = collections.deque()

    def acquire(self, turn: object) -> Connection | None:
        """Remove and return the best connection for `turn`, or None."""
        if turn is not None and self.quarantined and self.quarantined[-1].turn is turn:
            return self.quarantined.pop().connection  # a late response could only be this turn's own
        ready_before = time.monotonic() - QUARANTINE_S
        while self.quarantined and self.quarantined[0].since <= ready_before:
            self.ready.append(self.quarantined.popleft())
        return self.ready.pop().connection if self.ready else None

    def evict(self, limit: int) -> list[Connection]:
        """Remove and return connections that are too old or exceed `limit`."""
        oldest = time.monotonic() - KEEPALIVE_S
        evicted = []
        for idle in (self.ready, self.quarantined):
            while idle and (idle[0].since < oldest or len(self.ready) + len(self.quarantined) > limit):
                evicted.append(idle.popleft().connection)
        return evicted


class ConnectionPool:
    """Idle connections by origin: the last used is used next, the others grow old and are closed."""

    def __init__(self) -> None:
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
            origin_pool.quarantined.append(_Idle(connection, turn))
            rejected = self._closed or origin in self._distrusted
            evicted = origin_pool.evict(0 if rejected else MAX_IDLE_CONNECTIONS)
        for each in evicted:
            each.close()

    def distrust(self, origin: Origin) -> None:
        """Keep no more connections to `origin`, because it sent unsolicited data."""
        with self._lock:
            self._distrusted[origin] = None
            while len(self._distrusted) > _MAX_DISTRUSTED:
                del self._distrusted[next(iter(self._distrusted))]
            origin_pool = self._by_origin.get(origin)
            evicted = origin_pool.evict(0) if origin_pool is not None else []
        for each in evicted:
            each.close()

    def close(self) -> None:
        """Close all idle connections; later ones are closed when they are released."""
        with self._lock:
            self._closed = True
            evicted = [each for origin_pool in self._by_origin.values() for each in origin_pool.evict(0)]
        for each in evicted:
            each.close()

    def _pop(self, origin: Origin, turn: object) -> Connection | None:
        with self._lock:
            origin_pool = self._by_origin.get(origin)
            if origin_pool is None:
                return None
            evicted = origin_pool.evict(MAX_IDLE_CONNECTIONS)
            connection = origin_pool.acquire(turn)
        for each in evicted:
            each.close()
        return connection
