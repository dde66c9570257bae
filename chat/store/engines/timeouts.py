"""The limit on the time for which the callers of an engine wait.

Engines run every call in native threads (`chat/runtime/native.py`), so that a caller under gevent waits cooperatively
and can give up, while the call itself goes on to its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from chat.errors import StoreTimeout, StoreUnavailable
from chat.runtime import wait_budget
from chat.runtime.native import Call, CallTimeout, NativePool
from chat.runtime.wait_budget import Kind

SLOW = "The database is slow at the moment; try again."
# A call that waits for less than this shows that the database is not slow.
_FAST_S = 0.5
# Added to the caller's timeout: for an earlier write that still waits for the lock, and for the result's way back.
_REPLY_GRACE_S = 0.2
_POLL_S = 0.05


class CallerTimeouts:
    """The timeouts of the callers of an engine's reads, or of its writes.

    All calls of a request share one limit. A call that is under way may take `extra_s` more, which is no waiting.
    """

    def __init__(self, kind: Kind, extra_s: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._kind = kind
        self._extra_s = extra_s
        self._clock = clock
        # When the oldest call began since which none was fast.
        self._slow_since: float | None = None

    def outcome(self, pool: NativePool, limit_s: float, call: Callable[[float], Call]) -> Any:
        """Queue `call(deadline)`. The deadline is what is left of the request's time, if a request is answered.

        Return its result or raise its error. Raises StoreTimeout after the deadline, and StoreUnavailable if nothing
        is left.
        """
        began_at = self._clock()
        budget = wait_budget.current()
        left_s = limit_s if budget is None else budget.left_s(self._kind, limit_s, self._slow_since)
        if left_s <= 0:
            raise StoreUnavailable(SLOW)
        if self._slow_since is None:
            self._slow_since = began_at
        queued = call(began_at + left_s)
        unavailable = False
        try:
            return _within_timeout(pool, queued, left_s, self._extra_s)
        except StoreUnavailable:
            unavailable = True
            raise
        finally:
            waited_s = self._end_of_wait(queued, unavailable=unavailable) - began_at
            if waited_s < _FAST_S and not unavailable:
                self._slow_since = None
            if budget is not None:
                budget.spend(self._kind, waited_s)

    def _end_of_wait(self, call: Call, *, unavailable: bool) -> float:
        under_way = self._extra_s and not unavailable
        return (call.under_way_at if under_way else 0.0) or self._clock()


def _within_timeout(pool: NativePool, call: Call, timeout_s: float, extra_s: float) -> Any:
    try:
        return pool.outcome(call, timeout_s + _REPLY_GRACE_S, extra_s)
    except CallTimeout:
        raise StoreTimeout(SLOW, lambda: _wait_for(call)) from None


def _wait_for(call: Call) -> Any:
    while not call.done:
        time.sleep(_POLL_S)
    return call.result()
