"""Limit on wrong guesses of ADMIN_TOKEN."""

from __future__ import annotations

from chat.runtime.clock import Clock


class GuessLimit:
    """At most `limit` wrong guesses per minute and worker, whoever makes them: an attacker has many addresses."""

    def __init__(self, limit: int, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._window_began_at = clock.monotonic()
        self._count = 0

    def wait_s(self) -> int:
        """Return the seconds until the next guess is allowed, 0 if it is allowed now."""
        passed_s = self._clock.monotonic() - self._window_began_at
        if passed_s >= 60:
            self._window_began_at, self._count = self._clock.monotonic(), 0
            return 0
        return 0 if self._count < self._limit else max(1, round(60 - passed_s))

    def add_wrong(self) -> None:
        self._count += 1
