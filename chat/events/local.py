"""A turn's log in the memory of the worker that runs it. It goes with the turn; the database keeps what counts."""

from __future__ import annotations

import threading
from typing import Any

from chat.events.contract import Event, event


class LocalEventLog:
    """See EventLog. `followers` is how many are reading just now, `ended_at` the number of `done`, 0 before it."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self.followers = 0
        self.ended_at = 0

    def append(self, name: str, data: dict[str, Any]) -> Event:
        with self._changed:
            made = event(len(self._events) + 1, name, data)
            self._events.append(made)
            if name == "done":
                self.ended_at = made.number
            self._changed.notify_all()
        return made

    def read(self, after: int, timeout_s: float) -> list[Event]:
        with self._changed:
            self._changed.wait_for(lambda: len(self._events) > after or self.ended_at, timeout_s)
            return self._events[after:]
