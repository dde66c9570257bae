"""Deletion of checkpointed deltas whose turns have ended.

A turn's deltas lie between those of other turns. Deleted a minute later, all turns of a page have ended, so the page is
written once, and not once per turn. See `chat/store/turn_progress.py`.
"""

from __future__ import annotations

import collections
import contextlib

from chat.errors import StoreUnavailable
from chat.runtime.clock import Clock
from chat.store import Store

# Age of the deltas. A turn that still runs then deletes its own at its end.
AGE_S = 60.0
# Other writers wait for some milliseconds.
_PORTION = 2_000


class DeltaSweep:
    """One per worker; the sweeps of several workers do not conflict."""

    def __init__(self, store: Store, clock: Clock, portion: int = _PORTION) -> None:
        self._deltas = store.deltas
        self._clock = clock
        self._portion = portion
        # Times, and the last delta's id at each of them.
        self._last_ids: collections.deque[tuple[float, int]] = collections.deque()
        self._swept_up_to = 0

    def sweep(self) -> None:
        """Delete the deltas of ended turns that are old enough. The first sweeps find those of an earlier server."""
        with contextlib.suppress(StoreUnavailable):  # the next sweep tries again
            self._sweep()

    def _sweep(self) -> None:
        last_id, now = self._deltas.last_id(), self._clock.monotonic()
        self._last_ids.append((now, last_id))
        old = 0
        while self._last_ids and now - self._last_ids[0][0] >= AGE_S:
            old = self._last_ids[0][1]
            self._delete_up_to(old)
            self._last_ids.popleft()
        if old >= last_id:  # perhaps none are left, and the ids begin again
            self._last_ids.clear()
            self._swept_up_to = 0

    def _delete_up_to(self, old: int) -> None:
        while self._swept_up_to < old:
            portion_end = min(self._swept_up_to + self._portion, old)
            self._deltas.delete_ended(self._swept_up_to, portion_end)
            self._swept_up_to = portion_end
