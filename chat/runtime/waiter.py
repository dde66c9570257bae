"""Waiting to be woken, for a limited time: one who waits, one who wakes, once.

Written by hand because it happens for each event of each follower: under gevent a queue with a time-out costs twice
what a bare waiter and a timer do. Not for native threads beside greenlets: see `native.py`.
"""

from __future__ import annotations

import _thread
import functools
from collections.abc import Callable
from typing import Protocol

from chat.runtime import mode


class Waiter(Protocol):
    """May be woken before anybody waits, but only once."""

    def wait(self, timeout_s: float) -> bool:
        """Return once woken, or after that time; whether it was woken."""
        ...

    def wake(self) -> None: ...


def waiter() -> Waiter:
    """A new one."""
    return _kind()()


@functools.cache
def _kind() -> Callable[[], Waiter]:
    return _greenlet_waiter() if mode.current() is mode.ASYNC else _ThreadWaiter


class _ThreadWaiter:
    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._lock.acquire()

    def wait(self, timeout_s: float) -> bool:
        return self._lock.acquire(timeout=timeout_s)

    def wake(self) -> None:
        self._lock.release()


def _greenlet_waiter() -> Callable[[], Waiter]:
    from gevent.hub import Waiter as HubWaiter
    from gevent.hub import get_hub

    class GreenletWaiter:
        __slots__ = ("_loop", "_waiter")

        def __init__(self) -> None:
            hub = get_hub()
            self._loop = hub.loop
            self._waiter = HubWaiter(hub)

        def wait(self, timeout_s: float) -> bool:
            with self._loop.timer(timeout_s) as timer:
                timer.start(self._waiter.switch, False)
                return bool(self._waiter.get())

        def wake(self) -> None:
            self._loop.run_callback(self._waiter.switch, True)

    return GreenletWaiter
