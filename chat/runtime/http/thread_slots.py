"""Which threads a request may take, so that those that last cannot take them all."""

from __future__ import annotations

import collections
import enum
from collections.abc import Callable
from typing import Any


class RequestKind(enum.Enum):
    """`TURN` answers as long as a turn runs, `FOLLOW` listens to one; `SHORT` is all the rest."""

    TURN = "turn"
    FOLLOW = "follow"
    SHORT = "short"


# The lane of a request, by its method, its path and what it accepts.
KindOf = Callable[[str, str, str], RequestKind]


class ThreadSlots:
    """So many at a time, and so many that wait for that, in their order."""

    def __init__(self, size: int, max_waiting: int) -> None:
        self.size = size
        self._max_waiting = max_waiting
        self._waiting: collections.deque[Any] = collections.deque()
        self.taken = 0

    @property
    def free(self) -> int:
        return self.size - self.taken

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    def acquire(self, one: Any) -> bool | None:
        """Take a place; False where `one` has to wait for it, None where there is no room for that either."""
        if self.taken < self.size:
            self.taken += 1
            return True
        if len(self._waiting) >= self._max_waiting:
            return None
        self._waiting.append(one)
        return False

    def leave(self) -> Any:
        """Give a place back. Returns whoever has it now, None if nobody waits."""
        self.taken -= 1
        return self.admit_next() if self._waiting and self.taken < self.size else None

    def admit_next(self) -> Any:
        """Have the first one that waits come in, whether or not there is a place. Returns it."""
        self.taken += 1
        return self._waiting.popleft()

    def admit_all(self) -> list[Any]:
        """Have nobody wait any longer: more than `size` are in now."""
        waiting = list(self._waiting)
        self._waiting.clear()
        self.taken += len(waiting)
        return waiting
