"""A small event loop, which measures how busy it is: the check must not count its own delay as the server's.

One thread and one selector serve all users. The check may share the machine with the server, and a thread per user
would take several times the CPU.
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

_AT_ONCE = 50  # calls that are due, before the sockets are polled again
_COUNTED_S = 0.001  # shorter rounds of the loop delay nothing
BUSY_CPU = 0.9
_BUSY_LAG_S = 0.1
_SHORTEST_S = 0.2


@dataclass(frozen=True)
class OwnLoad:
    """Load of the check itself.

    `busy_s` is the time in which it was not waiting for events; it is more than `cpu_s` where other processes take the
    CPU. `lag_p95_s`: in 5 % of the time, events waited longer than this to be read. `lag_max_s` is also the longest
    delay of a timed call, so that it shows a machine that is too busy.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    busy_s: float = 0.0
    lag_p95_s: float = 0.0
    lag_max_s: float = 0.0

    @property
    def cpu(self) -> float:
        """Share of one core."""
        return self.cpu_s / self.wall_s if self.wall_s else 0.0

    @property
    def is_bottleneck(self) -> bool:
        """Return whether the check was too busy to trust its times."""
        return self.wall_s >= _SHORTEST_S and (
            max(self.cpu_s, self.busy_s) >= BUSY_CPU * self.wall_s or self.lag_p95_s >= _BUSY_LAG_S
        )


class Task(Protocol):
    """Work on one socket."""

    sock: socket.socket | None

    def advance(self) -> int:
        """Continue as far as possible. Return the events of `selectors` to wait for, or 0 at the end."""

    def end(self) -> None:
        """Close the socket, which is no longer watched."""


class EventLoop:
    """Runs tasks and timed calls until a condition is true."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._watched: dict[Task, tuple[socket.socket, int]] = {}
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._busy = array("d")
        self._latest_s = self._busy_s = self._began_at = self._cpu_at_begin = 0.0

    def call_at(self, at: float, call: Callable[[], None]) -> None:
        """Call once at a monotonic time."""
        heapq.heappush(self._calls, (at, next(self._numbers), call))

    def advance(self, task: Task) -> None:
        """Let a task run until it needs its socket to be ready, and watch for that."""
        wanted = task.advance()
        if self._watched.get(task) == (task.sock, wanted):
            return
        self.forget(task)
        if wanted and task.sock:
            self._selector.register(task.sock, wanted, task)
            self._watched[task] = (task.sock, wanted)
        else:
            task.end()

    def forget(self, task: Task) -> None:
        """Stop watching a task's socket."""
        sock, _ = self._watched.pop(task, (None, 0))
        if sock is not None:
            self._selector.unregister(sock)

    def run(self, finished: Callable[[], bool]) -> None:
        """Run until `finished`, which is called after each round of the loop."""
        self._began_at, self._cpu_at_begin = time.monotonic(), time.process_time()
        now = self._began_at
        while not finished():
            pause = max(0.0, self._calls[0][0] - now) if self._calls else None
            ready = self._selector.select(pause)
            woke = time.monotonic()
            for key, _ in ready:
                self.advance(key.data)
            self._call_those_due()
            now = time.monotonic()
            self._busy_s += now - woke
            if now - woke > _COUNTED_S:
                self._busy.append(now - woke)

    def own_load(self) -> OwnLoad:
        """Return the load of the check since the start of `run`."""
        wall_s = time.monotonic() - self._began_at
        return OwnLoad(
            wall_s=wall_s,
            cpu_s=time.process_time() - self._cpu_at_begin,
            busy_s=self._busy_s,
            lag_p95_s=time_weighted_percentile(self._busy, wall_s, 0.05),
            lag_max_s=max(self._latest_s, max(self._busy, default=0.0)),
        )

    def close(self) -> None:
        """Close all sockets that are still open."""
        for sock, _ in self._watched.values():
            sock.close()
        self._watched.clear()
        self._selector.close()

    def _call_those_due(self) -> None:
        now = time.monotonic()
        for _ in range(_AT_ONCE):
            if not self._calls or self._calls[0][0] > now:
                return
            due, _, call = heapq.heappop(self._calls)
            self._latest_s = max(self._latest_s, now - due)
            call()


def time_weighted_percentile(busy: array[float], wall_s: float, share: float) -> float:
    """Return the longest period such that longer ones take `share` of the time together."""
    left = share * wall_s
    for period in sorted(busy, reverse=True):
        left -= period
        if left <= 0:
            return period
    return 0.0
