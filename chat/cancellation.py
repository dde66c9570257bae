"""How a running turn is told to end: a deadline, and a signal that wakes whoever blocks on its behalf.

Blocking code cannot be interrupted from outside, but what it blocks on can be closed. Whoever is
about to block registers how (`cancellation.closing(...)`), and asks `check()` between steps.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from chat.errors import TurnEnded


class Cancellation:
    """One turn's end signal. Safe to use from any thread.

    `deadline` is on the clock of `time.monotonic()`. `cancel` is idempotent: the first reason stays.
    """

    def __init__(self, timeout_s: float) -> None:
        self.deadline = time.monotonic() + timeout_s
        self._timeout_s = timeout_s
        self._reason = ""
        self._closers: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @property
    def reason(self) -> str:
        """Why it was cancelled, or "" while it was not."""
        return self._reason

    def remaining_s(self) -> float:
        """Seconds to the deadline, never negative."""
        return max(0.0, self.deadline - time.monotonic())

    def cancel(self, reason: str) -> None:
        """End the turn: `reason` is "timeout", "stopped" or "interrupted". Runs what `closing` registered."""
        with self._lock:
            if self._reason:
                return
            self._reason = reason
            closers = list(self._closers)
        for close in closers:
            close()

    def check(self) -> None:
        """Raise TurnEnded once cancelled or past the deadline."""
        if not self._reason and time.monotonic() >= self.deadline:
            self.cancel("timeout")
        if self._reason:
            raise TurnEnded(self._reason, self._sentence())

    @contextlib.contextmanager
    def closing(self, close: Callable[[], None]) -> Iterator[None]:
        """Within the block, `cancel` calls `close`, from its own thread. It must not raise or block."""
        with self._lock:
            self._closers.append(close)
        try:
            if self._reason:
                close()
            yield
        finally:
            with self._lock:
                self._closers.remove(close)

    def _sentence(self) -> str:
        if self._reason == "timeout":
            return f"The answer took longer than {self._timeout_s:g} seconds and was ended."
        if self._reason == "stopped":
            return "The answer was stopped."
        return "The server was stopped before the answer was complete."
