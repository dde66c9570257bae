"""Background job that indexes new texts for the search."""

from __future__ import annotations

import logging

from chat.errors import StoreUnavailable
from chat.store import Store

log = logging.getLogger(__name__)

# Few transactions per sweep, so that after a burst of questions there is time left for answers.
_MAX_TRANSACTIONS = 4


class Indexer:
    """One per worker; the sweeps of several workers do not conflict."""

    def __init__(self, store: Store, max_transactions: int = _MAX_TRANSACTIONS) -> None:
        self._store = store
        self._max_transactions = max_transactions
        self._postponed = False

    def sweep(self) -> int:
        """Index pending texts, at most a few batches, and return how many were indexed."""
        indexed = 0
        try:
            for _ in range(self._max_transactions):
                if not self._store.index.has_pending():  # reads before it takes a write lock
                    break
                indexed += self._store.index.index_pending()
            self._postponed = False
        except StoreUnavailable as error:
            if not self._postponed:  # logged once, not every second
                log.warning("Indexing of new texts is postponed: %s", error)
            self._postponed = True
        return indexed
