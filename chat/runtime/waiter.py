"""One-shot event with a timeout, for one waiter.

Used for each event of each follower: under gevent a queue with a timeout costs twice as much as a bare waiter and a
timer. Not for native threads beside greenlets; see `native.py`.
"""

from __future__ import annotations

import _thread
import functools
from collections.abc import Callable
from typing import Protocol

from chat.runtime import mode
from config.mode import ASYNC


class Waiter(Protocol):
    """One-shot event. `wake` may be called once, also before `wait`."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until woken or until the timeout. Return whether it was woken."""
        ...

    def wake(self) -> None: ...


def waiter() -> Waiter:
    """Return a new waiter for this kind of worker."""
    return _waiter_class()()


@functools.cache
def _waiter_class() -> Callable[[], Waiter]:
    return _greenlet_waiter() if mode.current() is ASYNC else _ThreadWaiter


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
