"""Pauses between attempts of gunicorn's master to start workers, which grow while starts fail."""

from __future__ import annotations

import time
from collections.abc import Callable

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


class RestartBackoff:
    """Exponential backoff. `ever_ready`: a worker has been ready before, so another attempt may succeed."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.ever_ready = False
        self.pause_s = 0.0
        self._next_at = 0.0

    def succeeded(self) -> None:
        """Record that a worker is ready."""
        self.ever_ready = True
        self.pause_s = 0.0

    def failed(self) -> bool:
        """Record that a worker could not start. Return whether the pause grew: of several failures at a time, once."""
        if self.pause_s and self._now() < self._next_at:
            return False
        self.pause_s = min(self.pause_s * 2 or _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._next_at = self._now() + self.pause_s
        return True

    def reset(self) -> None:
        """Allow the next attempt at once, after a reload."""
        self.pause_s = 0.0

    def allowed(self, missing: int, starting: int) -> int:
        """Return how many of the `missing` workers may be started now while `starting` others are not ready yet."""
        if not self.pause_s:
            return missing
        # After failures, only one at a time.
        return 0 if starting or self._now() < self._next_at else min(missing, 1)
