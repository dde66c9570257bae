"""Connections to endpoints that are kept alive between requests."""

from __future__ import annotations

import collections
import threading
import time

from chat.llm.connection import Connection

KEEPALIVE_S = 30.0
MAX_IDLE_CONNECTIONS = 1000

# Scheme, host, port.
Origin = tuple[str, str, int]


class IdleConnections:
    """Connections kept alive, by origin: the one used last is used next, those left over grow old and are closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_origin: dict[Origin, collections.deque[tuple[float, Connection]]] = {}
        self._closed = False

    def take(self, origin: Origin) -> Connection | None:
        """One that is still open, or None."""
        while (connection := self._pop(origin)) is not None:
            if connection.is_quiet():
                return connection
            connection.close()
        return None

    def put(self, origin: Origin, connection: Connection) -> None:
        with self._lock:
            idle = self._by_origin.setdefault(origin, collections.deque())
            idle.append((time.monotonic(), connection))
            surplus = _surplus(idle, 0 if self._closed else MAX_IDLE_CONNECTIONS)
        for each in surplus:
            each.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            surplus = [each for idle in self._by_origin.values() for each in _surplus(idle, 0)]
        for each in surplus:
            each.close()

    def _pop(self, origin: Origin) -> Connection | None:
        with self._lock:
            idle = self._by_origin.get(origin)
            if not idle:
                return None
            surplus = _surplus(idle, MAX_IDLE_CONNECTIONS)
            connection = idle.pop()[1] if idle else None
        for each in surplus:
            each.close()
        return connection


def _surplus(idle: collections.deque[tuple[float, Connection]], room: int) -> list[Connection]:
    """Take out what is too old or too much: the oldest are in front."""
    oldest = time.monotonic() - KEEPALIVE_S
    surplus = []
    while idle and (idle[0][0] < oldest or len(idle) > room):
        surplus.append(idle.popleft()[1])
    return surplus
