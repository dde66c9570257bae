"""Cancellation of a running turn: a deadline, and a signal that wakes blocked code.

Blocking code cannot be interrupted from outside, but the socket or queue it blocks on can be closed. Code that is
about to block registers a function that does so (`cancellation.closing(...)`), and calls `check()` between steps.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from chat.errors import TurnEnded
from chat.runtime import mode


class Cancellation:
    """Deadline and cancel signal of one turn. Safe to use from any thread.

    `deadline` is a time of `time.monotonic()`. `cancel` is idempotent: the first reason stays.
    """

    def __init__(self, timeout_s: float) -> None:
        self.deadline = time.monotonic() + timeout_s
        self._timeout_s = timeout_s
        self._reason = ""
        self._closers: list[Callable[[], None]] = []
        # A native lock: nothing yields while it is held.
        self._lock = mode.native_lock()

    @property
    def reason(self) -> str:
        """Return the reason of the cancellation, or "" while there is none."""
        return self._reason

    def remaining_s(self) -> float:
        """Return the seconds to the deadline, never negative."""
        return max(0.0, self.deadline - time.monotonic())

    def cancel(self, reason: str) -> None:
        """End the turn and call every function that `closing` registered.

        `reason` is "timeout", "stopped" or "interrupted".
        """
        with self._lock:
            if self._reason:
                return
            self._reason = reason
            closers = list(self._closers)
        for close in closers:
            close()

    def check(self) -> None:
        """Raise TurnEnded if the turn was cancelled or is past its deadline."""
        if not self._reason and time.monotonic() >= self.deadline:
            self.cancel("timeout")
        if self._reason:
            raise TurnEnded(self._reason, self._message())

    @contextlib.contextmanager
    def closing(self, close: Callable[[], None]) -> Iterator[None]:
        """Have `cancel` call `close` while the block runs.

        `close` is called in the thread of `cancel`; it must not raise or block.
        """
        with self._lock:
            self._closers.append(close)
        try:
            if self._reason:
                close()
            yield
        finally:
            with self._lock:
                self._closers.remove(close)

    def _message(self) -> str:
        if self._reason == "timeout":
            return f"The answer took longer than {self._timeout_s:g} seconds and was ended."
        if self._reason == "stopped":
            return "The answer was stopped."
        return "The server was stopped before the answer was complete."
