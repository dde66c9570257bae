"""Tells by this process's own clock which workers have stopped renewing their turns' leases.

A lease is only compared with what it was before: no wall clock decides, neither this machine's nor another's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

# Leases are renewed every 2 s.
SUSPECT_S = 5.0
SILENT_S = 8.0
# Longer between two looks than this, and this process itself stood still: the others may have stood still too.
_FROZEN_S = 3.0


class Heartbeats:
    """What was seen of the leases, and since when they have not changed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked_at = 0.0
        self._seen: dict[str, tuple[int, float]] = {}

    def look(self, leases: Mapping[str, int]) -> None:
        """Note the oldest lease of each worker as it is now. Call this about once a second."""
        now = self._clock()
        if now - self._looked_at > _FROZEN_S:
            self.forget()
        self._looked_at = now
        before = self._seen
        self._seen = {}
        for worker, lease in leases.items():
            known = before.get(worker)
            self._seen[worker] = known if known is not None and known[0] == lease else (lease, now)

    def unchanged_for(self, seconds: float) -> dict[str, int]:
        """Return the workers whose oldest lease has not changed for so long, each with that lease."""
        until = self._looked_at - seconds
        return {worker: lease for worker, (lease, since) in self._seen.items() if since <= until}

    def forget(self) -> None:
        """Begin anew: nobody could renew a lease meanwhile."""
        self._seen.clear()
