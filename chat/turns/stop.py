"""Stop a turn from any worker."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from chat.cluster.contract import Road, Unreachable
from chat.runtime.clock import Clock
from chat.store import Store
from chat.store.records import RUNNING, Turn
from chat.turns.database_road import DatabaseRoad

# The longest wait for the turn's end. It is committed within a few milliseconds if a road leads to the turn's worker,
# within a second if the worker reads the request in the database, and later if it has died.
_TIMEOUT_S = 3.0
_POLL_S = 0.02
_ASK_TIMEOUT_S = 1.0


class Stopper:
    """One per worker. `roads` lead to the workers of this machine, `database` is for all others.

    `wake_up` leads to other servers. A request on it may get lost, so it only makes the turn's worker read the database
    sooner.
    """

    def __init__(
        self,
        store: Store,
        roads: Sequence[Road],
        database: DatabaseRoad,
        clock: Clock,
        wake_up: Sequence[Road] = (),
    ) -> None:
        self._store = store
        self._roads = roads
        self._wake_up = wake_up
        self._database = database
        self._clock = clock

    def stop(self, turn: Turn) -> Turn:
        """Cancel a turn, wait for its end and return it. A turn that has ended already is returned unchanged.

        Only a turn whose worker does not respond is still running after a few seconds. Raises StoreUnavailable.
        """
        deadline = self._clock.monotonic() + _TIMEOUT_S
        pause_s = _POLL_S
        flagged = False
        while turn.status == RUNNING and self._clock.monotonic() < deadline:
            if not _cancel(turn, self._roads) and not flagged:
                self._database.stop(turn.id)
                flagged = True
                _cancel(turn, self._wake_up)
            self._clock.sleep(pause_s)
            pause_s = min(2 * pause_s, 0.5)
            turn = self._store.turns.get(turn.id) or turn
        return turn


def _cancel(turn: Turn, roads: Sequence[Road]) -> bool:
    """Return whether the turn's worker has cancelled it."""
    for road in roads:
        with contextlib.suppress(Unreachable):
            if b"".join(road.ask(turn.worker, {"stop": turn.id}, _ASK_TIMEOUT_S)):
                return True
    return False
