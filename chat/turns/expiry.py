"""Removes temporary conversations a day after their last use, with all that was said in them."""

from __future__ import annotations

import logging

from chat.errors import StoreUnavailable
from chat.memory.contract import ConversationMemory
from chat.store import Store
from chat.store.records import now_ms
from chat.workers.ticker import Ticker

log = logging.getLogger(__name__)

_KEPT_MS = 24 * 3600 * 1000
_SWEEP_S = 600.0
# At once: a transaction of these is short, and the next one goes on.
_BATCH = 50


class Expiry:
    """One for each worker; which of them comes first does not matter, the others find nothing left."""

    def __init__(self, store: Store, memory: ConversationMemory) -> None:
        self._store = store
        self._memory = memory
        self._ticker = Ticker("expiry", _SWEEP_S, self.sweep)

    def start(self) -> None:
        self._ticker.start()

    def stop(self) -> None:
        self._ticker.stop()

    def sweep(self) -> int:
        """Remove what has expired and return how many. Looks, through an index, before it locks."""
        removed = 0
        unused_since = now_ms() - _KEPT_MS
        try:
            while found := self._store.conversations.expired(unused_since, _BATCH):
                gone = self._store.conversations.remove_expired(found, unused_since)
                removed += len(gone)
                for conversation_id in gone:
                    self._memory.drop(conversation_id)
        except StoreUnavailable as error:
            log.warning("Removing temporary conversations is put off: %s", error)
        if removed:
            log.info("Removed %d temporary conversations", removed)
        return removed
