"""Clocks for tests: one that the test sets, and one that does not wait."""

from __future__ import annotations

import time

from chat.runtime.clock import Clock


class FakeClock(Clock):
    """A clock that stands still until `advance` or `sleep`, or until one of its times is set."""

    def __init__(self, wall_ms: int = 1_700_000_000_000) -> None:
        self.wall_ms = wall_ms
        self.monotonic_s = 1_000.0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic(self) -> float:
        return self.monotonic_s

    def sleep(self, seconds: float) -> None:
        """Advance instead of sleeping."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.wall_ms += round(seconds * 1000)
        self.monotonic_s += seconds


class HastyClock(Clock):
    """The machine's clock, but a sleep takes at most five milliseconds and advances the clock by the rest."""

    def __init__(self) -> None:
        self._skipped_s = 0.0

    def now_ms(self) -> int:
        return super().now_ms() + round(self._skipped_s * 1000)

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped_s

    def sleep(self, seconds: float) -> None:
        slept_s = min(seconds, 0.005)
        time.sleep(slept_s)
        self.skip(seconds - slept_s)

    def skip(self, seconds: float) -> None:
        """Advance the clock."""
        self._skipped_s += seconds
