"""Detection of workers that no longer renew their turns' leases, by this process's monotonic clock.

A lease is only compared with its previous value: no wall clock decides, neither this machine's nor another's.
"""

from __future__ import annotations

from collections.abc import Mapping

from chat.runtime.clock import Clock

# Leases are renewed every 2 s. The last renewal is seen up to 1 s late, and so is the silence after it: together less
# than 10 s.
SUSPECT_S = 4.0
SILENT_S = 7.0
# After a longer pause between two checks this process itself was suspended, and the others may have been too.
_SUSPENDED_S = 3.0


class Heartbeats:
    """The last value of each worker's lease, and the time since when it has not changed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._observed_at = 0.0
        self._leases: dict[str, tuple[int, float]] = {}

    def observe(self, leases: Mapping[str, int]) -> None:
        """Record the latest lease of each worker. Call this about once a second."""
        now = self._clock.monotonic()
        if now - self._observed_at > _SUSPENDED_S:
            self.forget()
        self._observed_at = now
        before = self._leases
        self._leases = {}
        for worker, lease in leases.items():
            known = before.get(worker)
            self._leases[worker] = known if known is not None and known[0] == lease else (lease, now)

    def unchanged_for(self, seconds: float) -> dict[str, int]:
        """Return the workers whose latest lease has not changed for `seconds`, each with that lease."""
        since_at_most = self._observed_at - seconds
        return {worker: lease for worker, (lease, since) in self._leases.items() if since <= since_at_most}

    def forget(self) -> None:
        """Discard all observations: leases could not be renewed meanwhile."""
        self._leases.clear()
