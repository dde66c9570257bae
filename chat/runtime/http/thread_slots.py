"""Thread slots for each kind of request, so that long requests cannot take all threads."""

from __future__ import annotations

import collections
import enum
from collections.abc import Callable
from typing import Any


class RequestKind(enum.Enum):
    """Kind of a request.

    `TURN` runs a turn, `FOLLOW` streams the events of one, `HEALTH` is a health check, `SHORT` is any other.
    """

    TURN = "turn"
    FOLLOW = "follow"
    HEALTH = "health"
    SHORT = "short"


# Returns the kind of a request from its method, path and Accept header.
RequestClassifier = Callable[[str, str, str], RequestKind]


class ThreadSlots:
    """Slots for `size` holders and a FIFO queue for at most `max_waiting` others."""

    def __init__(self, size: int, max_waiting: int) -> None:
        self.size = size
        self._max_waiting = max_waiting
        self._waiting: collections.deque[Any] = collections.deque()
        self.in_use = 0

    @property
    def free(self) -> int:
        return self.size - self.in_use

    @property
    def waiting(self) -> int:
        """Return the length of the queue."""
        return len(self._waiting)

    def acquire(self, one: Any) -> bool | None:
        """Take a slot. Return True, or False if `one` was queued, or None if the queue is full."""
        if self.in_use < self.size:
            self.in_use += 1
            return True
        if len(self._waiting) >= self._max_waiting:
            return None
        self._waiting.append(one)
        return False

    def release(self) -> Any:
        """Free a slot. Return the next holder, None if the queue is empty."""
        self.in_use -= 1
        return self.admit_next() if self._waiting and self.in_use < self.size else None

    def admit_next(self) -> Any:
        """Give a slot to the first in the queue, even if all are taken. Return it."""
        self.in_use += 1
        return self._waiting.popleft()

    def admit_all(self) -> list[Any]:
        """Give slots to the whole queue, even beyond `size`. Return its members."""
        waiting = list(self._waiting)
        self._waiting.clear()
        self.in_use += len(waiting)
        return waiting
