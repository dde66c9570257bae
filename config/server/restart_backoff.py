"""When gunicorn's master may start workers: at once, or after a pause that grows while starts fail."""

from __future__ import annotations

import time
from collections.abc import Callable

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


class RestartBackoff:
    """`ever_ready`: at least one worker of this server has ever been ready, so that it is worth trying again."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.ever_ready = False
        self.pause_s = 0.0
        self._next_at = 0.0

    def succeeded(self) -> None:
        """A worker is ready."""
        self.ever_ready = True
        self.pause_s = 0.0

    def failed(self) -> bool:
        """A worker could not start. Return whether that lengthened the pause: of several at a time, only the first."""
        if self.pause_s and self._now() < self._next_at:
            return False
        self.pause_s = min(self.pause_s * 2 or _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._next_at = self._now() + self.pause_s
        return True

    def reset(self) -> None:
        """Something has changed: the next attempt need not wait."""
        self.pause_s = 0.0

    def allowed(self, missing: int, starting: int) -> int:
        """Return how many of the `missing` workers may be started now, where so many others are just starting."""
        if not self.pause_s:
            return missing
        # One at a time shows whether it works again.
        return 0 if starting or self._now() < self._next_at else min(missing, 1)
