"""Ends the turns of workers that have died: whoever lives looks for them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from chat.errors import StoreUnavailable
from chat.store import Store
from chat.store.records import TurnError
from chat.workers.ticker import Ticker

log = logging.getLogger(__name__)

_SWEEP_S = 1.0
_DIED = TurnError("turn_interrupted", "The server stopped before the answer was complete.", True)


class Recovery:
    """One for each worker; which of them comes first does not matter.

    A turn is lost when its worker is known to have ended (`is_gone`, by the worker's name), which only shows on
    one machine, or when nobody has renewed its lease.
    """

    def __init__(self, store: Store, is_gone: Callable[[str], bool]) -> None:
        self._store = store
        self._is_gone = is_gone
        self._ticker = Ticker("recovery", _SWEEP_S, self.sweep)

    def start(self) -> None:
        self.sweep()  # the whole server may have died
        self._ticker.start()

    def stop(self) -> None:
        self._ticker.stop()

    def sweep(self) -> list[int]:
        """End every turn that is lost; returns their ids. Looks before it locks."""
        try:
            homes = self._store.turns.homes()
            gone = [worker for worker in homes if self._is_gone(worker)]
            if not gone and not any(homes.values()):
                return []
            ended = self._store.turns.interrupt_lost(gone, _DIED)
        except StoreUnavailable as error:
            log.warning("Looking for interrupted turns is put off: %s", error)
            return []
        for turn_id in ended:
            log.warning("Turn %s is interrupted: its worker has gone", turn_id)
        return ended
