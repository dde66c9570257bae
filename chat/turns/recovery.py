"""Ends the turns of workers that have died: whoever lives looks for leases that nobody renews."""

from __future__ import annotations

import logging

from chat.errors import StoreUnavailable
from chat.store import Store
from chat.store.records import TurnError
from chat.workers.ticker import Ticker

log = logging.getLogger(__name__)

_SWEEP_S = 2.0
_DIED = TurnError("turn_interrupted", "The server stopped before the answer was complete.", True)


class Recovery:
    """One for each worker; which of them comes first does not matter."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ticker = Ticker("recovery", _SWEEP_S, self.sweep)

    def start(self) -> None:
        self._ticker.start()

    def stop(self) -> None:
        self._ticker.stop()

    def sweep(self) -> list[int]:
        """End every turn whose lease has run out; returns their ids. Looks before it locks."""
        try:
            if not self._store.turns.any_expired():
                return []
            ended = self._store.turns.interrupt_expired(_DIED)
        except StoreUnavailable as error:
            log.warning("Looking for interrupted turns is put off: %s", error)
            return []
        for turn_id in ended:
            log.warning("Turn %s is interrupted: its worker has gone", turn_id)
        return ended
