"""Event log in the memory of the worker that runs the turn. It ends with the turn; the database keeps the answer."""

from __future__ import annotations

import contextlib
import time

import msgspec

from chat.events.contract import Event, encode_data
from chat.runtime import mode
from chat.runtime.waiter import Waiter, waiter


class LocalEventLog:
    """EventLog that holds names and data only. An `Event` is created when it is read, so a turn needs less memory.

    `append` adds the event before it wakes the waiters, and a reader checks the log again after it has queued its
    waiter, so no event is missed.
    """

    def __init__(self) -> None:
        # A native lock: nothing yields while it is held.
        self._lock = mode.native_lock()
        self._names: list[str] = []
        self._data: list[bytes] = []
        self._waiters: list[Waiter] = []
        self.ended_at = 0

    def append(self, name: str, data: msgspec.Struct) -> None:
        with self._lock:
            self._data.append(encode_data(data))
            self._names.append(name)  # last, so that a reader sees whole events
        if name == "done":
            self.ended_at = len(self._names)
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                waiter.wake()

    def read(self, after: int, timeout_s: float) -> list[Event]:
        deadline = 0.0
        while len(self._names) <= after and not self.ended_at:
            now = time.monotonic()
            deadline = deadline or now + timeout_s
            if now >= deadline:
                break
            self._wait(after, deadline - now)
        return [Event(index + 1, self._names[index], self._data[index]) for index in range(after, len(self._names))]

    def _wait(self, after: int, timeout_s: float) -> None:
        """Wait for the next event."""
        own_waiter = waiter()
        self._waiters.append(own_waiter)
        if len(self._names) <= after and not self.ended_at and own_waiter.wait(timeout_s):
            return
        with contextlib.suppress(ValueError):  # `append` has removed it already
            self._waiters.remove(own_waiter)
