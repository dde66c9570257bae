"""The limit on the time for which the callers of an engine wait.

Engines run every call in native threads (`chat/runtime/native.py`), so that a caller under gevent waits cooperatively
and can give up, while the call itself goes on to its end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from chat.errors import StoreTimeout, StoreUnavailable
from chat.runtime import wait_budget
from chat.runtime.native import Call, CallTimeout, NativePool
from chat.runtime.wait_budget import Kind
from chat.store.engines.reads import Read

SLOW = "The database is slow at the moment; try again."
# A call that waits for less than this shows that the database is not slow; a read's time in the queue does not count.
_FAST_S = 0.5
# While the database has just answered others, a read in a long queue waits longer, up to ten seconds.
_RECENT_S = 0.5
_LONGEST_QUEUE_S = 10.0
_STEP_S = 0.25
# Added to the caller's timeout: for an earlier write that still waits for the lock, and for the result's way back.
_REPLY_GRACE_S = 0.2
_POLL_S = 0.05


class CallerTimeouts:
    """The timeouts of the callers of an engine's writes. All calls of a request share one limit."""

    _kind: Kind = "write"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # When the oldest call began since which none was fast.
        self._slow_since: float | None = None

    def outcome(self, pool: NativePool, limit_s: float, call: Callable[[float], Any]) -> Any:
        """Queue `call(deadline)`. The deadline is what is left of the request's time, if a request is answered.

        Return its result or raise its error. Raises StoreTimeout after the deadline, and StoreUnavailable if nothing
        is left.
        """
        began_at = self._clock()
        budget = wait_budget.current()
        left_s = limit_s if budget is None else budget.left_s(self._kind, limit_s, self._slow_since)
        if left_s <= 0 and not self._queue_moves():
            raise StoreUnavailable(SLOW)
        if self._slow_since is None:
            self._slow_since = began_at
        queued = self._queued(call(began_at + left_s))
        unavailable = False
        try:
            return self._within_timeout(pool, queued, max(0.0, left_s), began_at)
        except StoreUnavailable:
            unavailable = True
            raise
        finally:
            waited_until = self._clock() if unavailable else self._end_of_wait(queued, began_at)
            if budget is not None:
                budget.spend(self._kind, waited_until - began_at)

    def _within_timeout(self, pool: NativePool, call: Any, timeout_s: float, began_at: float) -> Any:
        try:
            return pool.outcome(call, timeout_s + _REPLY_GRACE_S, lambda: self._more_s(call, began_at))
        except CallTimeout:
            raise StoreTimeout(SLOW, lambda: _wait_for(call)) from None

    def _queued(self, call: Any) -> Any:
        return call

    def _queue_moves(self) -> bool:
        """Return whether a call need not be given up, because it waits for its turn and not for the database."""
        return False

    def _more_s(self, _call: Any, _began_at: float) -> float:
        """Return for how many more seconds the call may take after its timeout."""
        return 0.0

    def _end_of_wait(self, _call: Any, began_at: float) -> float:
        """Note that a call has ended. Return until when its caller waited for the database."""
        now = self._clock()
        if now - began_at < _FAST_S:
            self._slow_since = None
        return now


class ReadTimeouts(CallerTimeouts):
    """The timeouts of the callers of an engine's reads. Calls are `Read`s.

    A read that is under way may take `extra_s` more, which is no waiting. One that waits because many others do is not
    refused while the database answers them.
    """

    _kind: Kind = "read"

    def __init__(self, extra_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._extra_s = extra_s
        self._answered_at = -math.inf

    def _queued(self, call: Any) -> Any:
        call.on_answer = self._note_answer
        return call

    def _note_answer(self, took_s: float) -> None:
        if took_s < _FAST_S:
            self._slow_since = None
            self._answered_at = self._clock()

    def _queue_moves(self) -> bool:
        return self._clock() - self._answered_at < _RECENT_S

    def _more_s(self, read: Read, began_at: float) -> float:
        now = self._clock()
        if read.under_way_at:
            return max(0.0, read.under_way_at + self._extra_s - now)
        return _STEP_S if self._queue_moves() and now - began_at < _LONGEST_QUEUE_S else 0.0

    def _end_of_wait(self, read: Read, _began_at: float) -> float:
        return read.under_way_at or self._clock()


def _wait_for(call: Call) -> Any:
    while not call.done:
        time.sleep(_POLL_S)
    return call.result()
