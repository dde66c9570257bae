"""Choice of the calls that fail, the same for the faults of each database."""

from __future__ import annotations

import threading
from typing import Literal

Calls = Literal["statement", "row", "commit"]


class CountedFaults:
    """Counter of calls. While armed, `times` of them fail from the `nth` on. Safe to use from any thread.

    `calls` says which are counted: every "statement", before it has any effect; the first "row" that is read of
    a statement; or every "commit", after it took effect, as when a connection is lost at just that moment.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failing = range(0)
        self._calls: Calls = "statement"
        self._says = ""
        self.counted = 0
        self.failed: list[str] = []

    def arm(self, nth: int, says: str, times: int = 1, calls: Calls = "statement") -> None:
        with self._lock:
            self._failing = range(nth, nth + times)
            self._calls, self._says = calls, says
            self.counted, self.failed = 0, []

    def disarm(self) -> list[str]:
        """Stop failing calls. Return the statements that failed."""
        with self._lock:
            self._failing = range(0)
            return self.failed

    def fails(self, calls: Calls, statement: str) -> bool:
        """Count a call and return whether it has to fail."""
        with self._lock:
            if calls != self._calls or not self._failing:
                return False
            self.counted += 1
            if self.counted not in self._failing:
                return False
            self.failed.append(statement)
            return True
