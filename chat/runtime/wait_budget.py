"""Time that the present request may still wait for the database.

A request may read and write several times, and in a gthread worker it may have waited for a thread while others waited
for the database. So the deadline is one for the request, not one for each call.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Literal

Kind = Literal["read", "write"]

# What writes leave for reads: while a database is locked, it can be read. One that answers takes far less.
_LEAST_READ_S = 0.5


class WaitBudget:
    """Waiting time of one request. `arrived_at` and `began_at`: when it was complete, and when a thread took it."""

    __slots__ = ("_arrived_at", "_began_at", "_spent_s")

    def __init__(self, arrived_at: float, began_at: float) -> None:
        self._arrived_at = arrived_at
        self._began_at = began_at
        self._spent_s: dict[Kind, float] = {"read": 0.0, "write": 0.0}

    def left_s(self, kind: Kind, limit_s: float, slow_since: float | None) -> float:
        """Return how much of `limit_s` is left for a call.

        `slow_since` is the time since which calls of this kind have been slow. The wait for a thread counts from then
        on: earlier it had other causes, such as long answers.
        """
        queued_s = 0.0 if slow_since is None else self._began_at - max(self._arrived_at, slow_since)
        writing_s = self._spent_s["write"]
        if kind == "read":
            writing_s = min(writing_s, max(0.0, limit_s - _LEAST_READ_S))
        return limit_s - self._spent_s["read"] - writing_s - max(0.0, queued_s)

    def spend(self, kind: Kind, seconds: float) -> None:
        self._spent_s[kind] += seconds


# Neither is inherited by a new thread or greenlet, so turns and periodic jobs have no budget.
_arrived_at: ContextVar[float] = ContextVar("arrived_at")
_budget: ContextVar[WaitBudget | None] = ContextVar("wait_budget", default=None)


def arrived(at: float) -> None:
    """Note when the request that this thread answers next was complete (monotonic seconds)."""
    _arrived_at.set(at)


def current() -> WaitBudget | None:
    """Return the budget of the request that this thread answers; None outside of a request and in its stream."""
    return _budget.get()


@contextlib.contextmanager
def of_request() -> Iterator[None]:
    """Give the request a budget within this context."""
    now = time.monotonic()
    token = _budget.set(WaitBudget(_arrived_at.get(now), now))
    try:
        yield
    finally:
        _budget.reset(token)
