"""Connections to endpoints that are kept alive between requests.

An endpoint, or a proxy before it, may answer twice, and the second answer may come late. HTTP/1.1 cannot tell it
from the answer to the next request. So a connection rests before another turn may have it: what comes meanwhile
shows that it is out of step, and from then on that origin's connections are used once only.
"""

from __future__ import annotations

import collections
import threading
import time

from chat.llm.connection import Connection

KEEPALIVE_S = 30.0
MAX_IDLE_CONNECTIONS = 1000
# How long a connection must have been silent before another turn uses it.
REST_S = 1.0
# Beyond so many origins that answered what nobody asked, the oldest gets another chance.
_MAX_DISTRUSTED = 100

# Scheme, host, port.
Origin = tuple[str, str, int]


class _Idle:
    """One connection, the turn that used it last, and since when it is idle."""

    __slots__ = ("connection", "since", "turn")

    def __init__(self, connection: Connection, turn: object) -> None:
        self.connection = connection
        self.turn = turn
        self.since = time.monotonic()


class _Kept:
    """One origin's connections, the oldest first: those that rest, and those that have rested."""

    def __init__(self) -> None:
        self.resting: collections.deque[_Idle] = collections.deque()
        self.rested: collections.deque[_Idle] = collections.deque()

    def take(self, turn: object) -> Connection | None:
        if turn is not None and self.resting and self.resting[-1].turn is turn:
            return self.resting.pop().connection  # nobody else's answer can come on it
        rested_before = time.monotonic() - REST_S
        while self.resting and self.resting[0].since <= rested_before:
            self.rested.append(self.resting.popleft())
        return self.rested.pop().connection if self.rested else None

    def surplus(self, room: int) -> list[Connection]:
        """Take out what is too old or too much."""
        oldest = time.monotonic() - KEEPALIVE_S
        surplus = []
        for idle in (self.rested, self.resting):
            while idle and (idle[0].since < oldest or len(self.rested) + len(self.resting) > room):
                surplus.append(idle.popleft().connection)
        return surplus


class IdleConnections:
    """Connections kept alive, by origin: the one used last is used next, those left over grow old and are closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_origin: dict[Origin, _Kept] = {}
        self._distrusted: dict[Origin, None] = {}
        self._closed = False

    def take(self, origin: Origin, turn: object = None) -> Connection | None:
        """One that is still open and in step, or None. `turn` may have the connection that it used last at once."""
        while (connection := self._pop(origin, turn)) is not None:
            if connection.is_quiet():
                return connection
            if connection.spoke_unasked:
                self.distrust(origin)
            connection.close()
        return None

    def put(self, origin: Origin, connection: Connection, turn: object = None) -> None:
        with self._lock:
            kept = self._by_origin.setdefault(origin, _Kept())
            kept.resting.append(_Idle(connection, turn))
            unwanted = self._closed or origin in self._distrusted
            surplus = kept.surplus(0 if unwanted else MAX_IDLE_CONNECTIONS)
        for each in surplus:
            each.close()

    def distrust(self, origin: Origin) -> None:
        """Keep no connection to `origin` any more: it sent what nobody asked for."""
        with self._lock:
            self._distrusted[origin] = None
            while len(self._distrusted) > _MAX_DISTRUSTED:
                del self._distrusted[next(iter(self._distrusted))]
            kept = self._by_origin.get(origin)
            surplus = kept.surplus(0) if kept is not None else []
        for each in surplus:
            each.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            surplus = [each for kept in self._by_origin.values() for each in kept.surplus(0)]
        for each in surplus:
            each.close()

    def _pop(self, origin: Origin, turn: object) -> Connection | None:
        with self._lock:
            kept = self._by_origin.get(origin)
            if kept is None:
                return None
            surplus = kept.surplus(MAX_IDLE_CONNECTIONS)
            connection = kept.take(turn)
        for each in surplus:
            each.close()
        return connection
