"""A turn's log in the memory of the worker that runs it. It goes with the turn; the database keeps what counts."""

from __future__ import annotations

import threading
from typing import Any

from chat.events.contract import Event, event


class LocalEventLog:
    """See EventLog. `followers` is how many are reading just now."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self.followers = 0

    def append(self, name: str, data: dict[str, Any]) -> Event:
        with self._changed:
            made = event(len(self._events) + 1, name, data)
            self._events.append(made)
            self._changed.notify_all()
        return made

    def read(self, after: int, timeout_s: float) -> list[Event]:
        with self._changed:
            if len(self._events) <= after:
                self._changed.wait(timeout_s)
            return self._events[after:]
