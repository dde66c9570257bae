"""A turn's log in the memory of the worker that runs it. It goes with the turn; the database keeps what counts."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from chat.events.contract import Event, event
from chat.runtime.waiter import Waiter, waiter


class LocalEventLog:
    """See EventLog. `followers` is how many are reading just now, `ended_at` the number of `done`, 0 before it.

    There is no lock: one side appends, and whoever waits does so by itself. It looks again after it has queued up,
    and the event is in the list before anybody is woken, so none is missed.
    """

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._waiting: list[Waiter] = []
        self.followers = 0
        self.ended_at = 0

    def append(self, name: str, data: dict[str, Any]) -> Event:
        made = event(len(self._events) + 1, name, data)
        self._events.append(made)
        if name == "done":
            self.ended_at = made.number
        if self._waiting:
            woken, self._waiting = self._waiting, []
            for each in woken:
                each.wake()
        return made

    def read(self, after: int, timeout_s: float) -> list[Event]:
        until = 0.0
        while len(self._events) <= after and not self.ended_at:
            now = time.monotonic()
            until = until or now + timeout_s
            if now >= until:
                break
            self._wait(after, until - now)
        return self._events[after:]

    def _wait(self, after: int, timeout_s: float) -> None:
        """Wait for the next event, whichever it is."""
        mine = waiter()
        self._waiting.append(mine)
        if len(self._events) <= after and not self.ended_at and mine.wait(timeout_s):
            return
        with contextlib.suppress(ValueError):  # woken after all
            self._waiting.remove(mine)
