"""Removes what was deleted, a portion at a time, with pauses in which others write."""

from __future__ import annotations

import logging
import threading

from chat.errors import StoreFailed, StoreUnavailable
from chat.runtime.ticker import Ticker
from chat.store import Store
from chat.store.removal import HiddenConversation

log = logging.getLogger(__name__)

_LOOK_S = 1.0
# What another worker hid and could not remove, because it died, is looked for this often.
_LOOK_AT_ALL_EVERY = 60
_PAUSE_S = 0.03
_BATCH = 50


class Remover:
    """One in each worker. Those that meet at a conversation take turns, and none does another's work again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looks = 0
        self._stopping = threading.Event()
        self._failed: set[int] = set()
        self._ticker = Ticker("removal", _LOOK_S, self.look)

    def start(self) -> None:
        self._ticker.start()

    def stop(self) -> None:
        self._stopping.set()
        self._ticker.stop()

    def look(self) -> None:
        """Sweep if this worker has hidden something, and now and then for the others."""
        if self._store.removal.due or self._looks % _LOOK_AT_ALL_EVERY == 0:
            self._store.removal.due = False
            self.sweep()
        self._looks += 1

    def sweep(self) -> None:
        """Remove what is hidden. One conversation that cannot be removed does not stop the others."""
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
            log.warning("Removing deleted conversations is put off: %s", error)
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
            log.warning("Removing deleted conversation %s is put off: %s", remains.conversation_id, error)
            self._store.removal.due = True
