"""Has what was said indexed soon after, for the search."""

from __future__ import annotations

import logging

from chat.errors import StoreUnavailable
from chat.runtime.ticker import Ticker
from chat.store import Store

log = logging.getLogger(__name__)

_SWEEP_S = 1.0
# Of transactions in a sweep, so that after a crowd has asked there is time for who is being answered.
_AT_MOST = 4


class Indexer:
    """One for each worker; which of them comes first does not matter."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._put_off = False
        self._ticker = Ticker("index", _SWEEP_S, self.sweep)

    def start(self) -> None:
        self._ticker.start()

    def stop(self) -> None:
        self._ticker.stop()

    def sweep(self) -> int:
        """Index what is due, or some of it where that is much, and return how many texts that were."""
        indexed = 0
        try:
            for _ in range(_AT_MOST):
                if not self._store.index.has_pending():  # looks before it locks
                    break
                indexed += self._store.index.index_pending()
            self._put_off = False
        except StoreUnavailable as error:
            if not self._put_off:  # said once, not each second
                log.warning("Indexing what was said is put off: %s", error)
            self._put_off = True
        return indexed
