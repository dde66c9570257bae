"""Recovery of turns without a running worker: those of dead workers, and those that this worker has lost."""

from __future__ import annotations

import logging
from collections.abc import Callable

from chat.cluster.peers import Presence
from chat.errors import StoreUnavailable
from chat.runtime.clock import Clock
from chat.store import Store
from chat.store.records import TurnError
from chat.turns.heartbeats import SILENT_S, SUSPECT_S, Heartbeats
from chat.turns.running_turns import RunningTurns

log = logging.getLogger(__name__)

# A turn is in the database a moment before it is in this worker's registry.
_SWEEPS_UNTIL_LOST = 5
_DIED = TurnError("turn_interrupted", "The server stopped before the answer was complete.", True)


class Recovery:
    """One per worker; the sweeps of several workers do not conflict.

    A worker of this machine counts as alive while its process exists (`presence`), even if it is stopped or slow. A
    worker that is not visible from here counts as dead when its leases are not renewed.
    """

    def __init__(
        self,
        store: Store,
        running_turns: RunningTurns,
        name: str,
        presence: Callable[[str], Presence],
        clock: Clock,
        count_interrupted: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._store = store
        self._running_turns = running_turns
        self._name = name
        self._presence = presence
        self._count_interrupted = count_interrupted
        self._heartbeats = Heartbeats(clock)
        self._missing: dict[int, int] = {}
        self._postponed = False

    def sweep(self) -> list[int]:
        """End every lost turn and return their ids. Call this once a second.

        Reads before it takes a write lock.
        """
        try:
            ended = self._end_lost(self._store.turns.latest_leases())
        except StoreUnavailable as error:
            if not self._postponed:  # logged once, not every second
                log.warning("Looking for interrupted turns is postponed: %s", error)
            self._postponed = True
            self._heartbeats.forget()  # while the database is locked, no worker can renew a lease
            return []
        self._postponed = False
        self._count_interrupted(len(ended))
        for turn_id in ended:
            log.warning("Turn %s is interrupted: its worker has gone", turn_id)
        return ended

    def _end_lost(self, leases: dict[str, int]) -> list[int]:
        presence = {worker: self._presence(worker) for worker in leases if worker != self._name}
        dead = [worker for worker, state in presence.items() if state is Presence.GONE]
        unknown = {worker: leases[worker] for worker, state in presence.items() if state is Presence.UNKNOWN}
        self._heartbeats.observe(unknown)
        # From the first suspicion on, write in every sweep: a locked database may be why leases are not renewed.
        suspected = self._heartbeats.unchanged_for(SUSPECT_S)
        lost = self._lost_turns() if self._name in leases else []
        if not (dead or suspected or lost):
            return []
        return self._store.turns.interrupt_lost(dead, self._heartbeats.unchanged_for(SILENT_S), lost, _DIED)

    def _lost_turns(self) -> list[int]:
        """Return turns that the database assigns to this worker but that have been missing here for several sweeps."""
        own = set(self._store.turns.running_on(self._name))
        own.difference_update(running.turn.id for running in self._running_turns.turns())
        self._missing = {turn_id: self._missing.get(turn_id, 0) + 1 for turn_id in own}
        return [turn_id for turn_id, sweeps in self._missing.items() if sweeps >= _SWEEPS_UNTIL_LOST]
