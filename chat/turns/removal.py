"""Removal of deleted conversations in small batches, with pauses in which other writers proceed."""

from __future__ import annotations

import logging
import threading

from chat.errors import StoreFailed, StoreUnavailable
from chat.store import Store
from chat.store.removal import HiddenConversation

log = logging.getLogger(__name__)

# Check for conversations that another worker marked as deleted before it died; in checks.
_CHECK_ALL_EVERY = 60
_PAUSE_S = 0.03
_BATCH = 50


class Remover:
    """One per worker. Workers that remove the same conversation alternate and do not repeat each other's work."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._checks = 0
        self._stopping = threading.Event()
        self._failed: set[int] = set()

    def stop(self) -> None:
        """End a sweep after its current batch, and do not begin another."""
        self._stopping.set()

    def check(self) -> None:
        """Sweep if this worker has deleted a conversation, and every 60th time in any case. Call this once a second."""
        if self._store.removal.due or self._checks % _CHECK_ALL_EVERY == 0:
            self._store.removal.due = False
            self.sweep()
        self._checks += 1

    def sweep(self) -> None:
        """Remove deleted conversations. A failure with one does not stop the others."""
        seen: set[int] = set()
        while not self._stopping.is_set():
            new = [each for each in self._pending(_BATCH + len(seen)) if each.conversation_id not in seen]
            if not new:
                return
            for remains in new:
                seen.add(remains.conversation_id)
                self._remove(remains)

    def _pending(self, limit: int) -> list[HiddenConversation]:
        try:
            return self._store.removal.pending(limit)
        except StoreUnavailable as error:
            log.warning("Removing deleted conversations is postponed: %s", error)
            return []

    def _remove(self, remains: HiddenConversation) -> None:
        left: HiddenConversation | None = remains
        try:
            while left is not None and not self._stopping.is_set():
                left = self._store.removal.remove_batch(left)
                self._stopping.wait(_PAUSE_S if left else 0)
        except StoreFailed:
            if remains.conversation_id not in self._failed:
                log.exception("Deleted conversation %s cannot be removed", remains.conversation_id)
            self._failed.add(remains.conversation_id)
        except StoreUnavailable as error:
            log.warning("Removing deleted conversation %s is postponed: %s", remains.conversation_id, error)
            self._store.removal.due = True
