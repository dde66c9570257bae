"""Event log in the memory of the worker that runs the turn. It ends with the turn; the database keeps the answer."""

from __future__ import annotations

import contextlib
import time

import msgspec

from chat.events.contract import Event, make_event
from chat.runtime.waiter import Waiter, waiter


class LocalEventLog:
    """EventLog without a lock.

    `append` adds the event before it wakes the waiters, and a reader checks the list again after it has queued its
    waiter, so no event is missed.
    """

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._waiters: list[Waiter] = []
        self.ended_at = 0

    def append(self, name: str, data: msgspec.Struct) -> Event:
        event = make_event(len(self._events) + 1, name, data)
        self._events.append(event)
        if name == "done":
            self.ended_at = event.number
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                waiter.wake()
        return event

    def read(self, after: int, timeout_s: float) -> list[Event]:
        deadline = 0.0
        while len(self._events) <= after and not self.ended_at:
            now = time.monotonic()
            deadline = deadline or now + timeout_s
            if now >= deadline:
                break
            self._wait(after, deadline - now)
        return self._events[after:]

    def _wait(self, after: int, timeout_s: float) -> None:
        """Wait for the next event."""
        own_waiter = waiter()
        self._waiters.append(own_waiter)
        if len(self._events) <= after and not self.ended_at and own_waiter.wait(timeout_s):
            return
        with contextlib.suppress(ValueError):  # `append` has removed it already
            self._waiters.remove(own_waiter)
