"""Policy for Python's cyclic garbage collector.

Automatic collection is almost switched off; a timer collects when enough objects may be garbage. Python's own trigger
is the number of new objects, which in a server are mostly the running answers: each collection would block the worker
for tens of milliseconds and find nothing (docs/performance.md).
"""

from __future__ import annotations

import gc
from collections.abc import Callable

# Automatic collection remains as a fallback for this many new objects.
_THRESHOLDS = (1_000_000, 5, 10)

# A running turn holds about 230 objects; a request leaves eight of Werkzeug's in cycles. The cost of a collection grows
# with the number of live objects, so it waits until as many may be garbage.
_OBJECTS_OF_A_TURN = 400
_ENOUGH_OBJECTS = 20_000
# Most collections cover the two younger generations. Every tenth one is full, except for frozen objects: objects that
# became garbage in the oldest generation, such as cycles of libraries, stay until then.
_FULL_EVERY = 10


def collect_rarely() -> None:
    """Exclude all current objects from collection and leave later ones to `Collector`. Call it once all is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


class Collector:
    """Periodic collection, when there may be enough garbage. `running` returns the number of running turns."""

    def __init__(self, running: Callable[[], int]) -> None:
        self._running = running
        self._collections = 0

    def collect_if_due(self) -> bool:
        """Collect if there may be enough garbage. Return whether it has collected."""
        if gc.get_count()[0] < _ENOUGH_OBJECTS + _OBJECTS_OF_A_TURN * self._running():
            return False
        self._collections += 1
        gc.collect(2 if self._collections % _FULL_EVERY == 0 else 1)
        return True
