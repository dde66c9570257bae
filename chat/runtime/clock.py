"""The wall clock and the monotonic clock as an object, which tests replace by one that they set."""

from __future__ import annotations

import time


class Clock:
    """The clocks of this machine."""

    def now_ms(self) -> int:
        """Return the wall clock's time in milliseconds since 1970, as it is stored. It may jump."""
        return int(time.time() * 1000)

    # Seconds that never decrease, for durations on this machine. Not wrapped in a method: it is called for each token.
    monotonic = staticmethod(time.monotonic)

    def sleep(self, seconds: float) -> None:
        """Block the calling thread."""
        time.sleep(seconds)


MACHINE_CLOCK = Clock()
