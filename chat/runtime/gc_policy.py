"""When this process looks for garbage that only the collector finds: what goes in circles.

Python's habit, a look at what is new whenever there is enough of it, suits a script. What is new in a server is the
answers that are being written: each look at 1,500 of them takes 20 to 50 ms, during which nobody is served, and finds
nothing. So the habit is given up for a clock that knows how much is in use.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

from chat.runtime.ticker import Ticker

# Python's own look is left for what no clock sees: so many objects more than at the last look.
_THRESHOLDS = (1_000_000, 5, 10)

_LOOK_S = 5.0
# A running turn holds some 230 objects; a request leaves eight in circles, Werkzeug's. To look costs as much as there
# is, so it waits until as much again may be garbage.
_OBJECTS_OF_A_TURN = 400
_ENOUGH_OBJECTS = 20_000
# Each look takes the youngest and those that were young at the last. Now and then all, but for what is frozen: 40 ms
# with 64 MB of conversations. Until then stays what became garbage after it was looked at, and libraries leave circles
# too.
_ALL_EVERY = 10


def collect_rarely() -> None:
    """Leave what there is alone for good, and what comes later to `Collector`. Once all is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


class Collector:
    """Looks for garbage where there may be enough of it. `running` tells how many turns there are."""

    def __init__(self, running: Callable[[], int]) -> None:
        self._running = running
        self._looks = 0
        self._ticker = Ticker("garbage", _LOOK_S, self.look)

    def start(self) -> None:
        self._ticker.start()

    def stop(self) -> None:
        self._ticker.stop()

    def look(self) -> bool:
        """Look, unless there can only be little. Returns whether it did."""
        if gc.get_count()[0] < _ENOUGH_OBJECTS + _OBJECTS_OF_A_TURN * self._running():
            return False
        self._looks += 1
        gc.collect(2 if self._looks % _ALL_EVERY == 0 else 1)
        return True
