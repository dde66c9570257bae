"""Queued writes, alone or in batches, and the limit on the time for which their callers wait.

Engines run every call in native threads (`chat/runtime/native.py`), so that a caller under gevent waits cooperatively
and can give up, while the call itself goes on to its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from chat.errors import StoreTimeout, StoreUnavailable
from chat.runtime import wait_budget
from chat.runtime.native import Call, CallTimeout, NativePool

# Writes a list of items and returns one value or exception per item. An exception is raised in the item's caller.
BatchWork = Callable[[Sequence[Any]], Sequence[Any]]
Outcome = tuple[Any, BaseException | None]

SLOW = "The database is slow at the moment; try again."
# A write within this time shows that the database is not slow.
_FAST_S = 0.5
# Added to the caller's timeout: for an earlier write that still waits for the lock, and for the result's way back.
_REPLY_GRACE_S = 0.2
_POLL_S = 0.05


def _nothing() -> None:
    """Do nothing. The default work of a write that has a `batch_work`."""


class Write(Call):
    """One queued write. It stops waiting for the lock at `deadline` (monotonic seconds).

    It has either its own `work`, or an `item` for a `batch_work`, which is called with all queued items.
    """

    __slots__ = ("batch_work", "deadline", "item")

    def __init__(
        self, deadline: float, work: Callable[[], Any] = _nothing, batch_work: BatchWork | None = None, item: Any = None
    ) -> None:
        super().__init__(work)
        self.deadline = deadline
        self.batch_work = batch_work
        self.item = item


class CallerTimeouts:
    """The timeouts of the callers of one engine."""

    def __init__(self) -> None:
        # When the oldest write began since which none was fast.
        self._slow_since: float | None = None

    def write(self, pool: NativePool, lock_timeout_s: float, write: Callable[[float], Write]) -> Any:
        """Queue `write(deadline)`. The deadline is what is left of the request's time, if a request is answered."""
        began_at = time.monotonic()
        budget = wait_budget.current()
        left_s = lock_timeout_s if budget is None else budget.left_s(lock_timeout_s, self._slow_since)
        if left_s <= 0:
            raise StoreUnavailable(SLOW)
        if self._slow_since is None:
            self._slow_since = began_at
        unavailable = False
        try:
            return within_timeout(pool, write(began_at + left_s), left_s)
        except StoreUnavailable:
            unavailable = True
            raise
        finally:
            took_s = time.monotonic() - began_at
            if took_s < _FAST_S and not unavailable:
                self._slow_since = None
            if budget is not None:
                budget.spend(took_s)


def within_timeout(pool: NativePool, call: Call, timeout_s: float, extra_s: float = 0.0) -> Any:
    """Run `call` in the pool. Return its result; raise its error, or StoreTimeout after the timeout."""
    try:
        return pool.outcome(call, timeout_s + _REPLY_GRACE_S, extra_s)
    except CallTimeout:
        raise StoreTimeout(SLOW, lambda: _wait_for(call)) from None


def end_if_abandoned(write: Write) -> bool:
    """End a write whose caller has timed out. Return whether it has ended."""
    if write.abandoned:
        write.end(error=StoreUnavailable("The database was slow; nothing was changed."))
    return write.abandoned


def by_kind(group: Sequence[Write]) -> Iterator[tuple[BatchWork | None, list[Write]]]:
    """Return the writes of a group by their batch work, each list in order of arrival."""
    kinds: dict[BatchWork | None, list[Write]] = {}
    for write in group:
        kinds.setdefault(write.batch_work, []).append(write)
    return iter(kinds.items())


def batch_results(writes: Sequence[Write]) -> Sequence[Any]:
    """Execute writes with the same batch work together. Return one value or exception per write."""
    batch_work: Any = writes[0].batch_work
    results: Sequence[Any] = batch_work([write.item for write in writes])
    return results


def single_outcome(write: Write) -> Outcome:
    """Execute one write. Raises its error, so that its transaction is rolled back."""
    if write.batch_work is None:
        return write.work(), None
    value, error = as_outcome(write.batch_work([write.item])[0])
    if error is not None:
        try:
            raise error
        finally:
            del error  # it references this frame
    return value, None


def as_outcome(result: Any) -> Outcome:
    return (None, result) if isinstance(result, Exception) else (result, None)


def _wait_for(call: Call) -> Any:
    while not call.done:
        time.sleep(_POLL_S)
    return call.result()
