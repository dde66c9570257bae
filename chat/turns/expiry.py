"""Deletion of temporary conversations, and of users without data, a day after their last use.

`removal.py` removes the conversations' rows.
"""

from __future__ import annotations

import logging

from chat.errors import StoreFailed, StoreUnavailable
from chat.memory.contract import ConversationMemory
from chat.runtime.clock import Clock
from chat.store import Store

log = logging.getLogger(__name__)

_TTL_MS = 24 * 3600 * 1000
_BATCH = 10_000
_USER_BATCH = 200


class Expiry:
    """One per worker; the sweeps of several workers do not conflict."""

    def __init__(self, store: Store, memory: ConversationMemory, clock: Clock) -> None:
        self._store = store
        self._memory = memory
        self._clock = clock

    def sweep(self) -> None:
        """Delete what has expired."""
        self.sweep_conversations()
        self.sweep_users()

    def sweep_conversations(self) -> int:
        """Delete expired conversations and return their number. Reads an index before it takes a write lock."""
        unused_since = self._clock.now_ms() - _TTL_MS
        removed = 0
        try:
            for conversation_id in self._store.conversations.expired(unused_since, _BATCH):
                removed += self._remove(conversation_id, unused_since)
        except StoreUnavailable as error:
            log.warning("Deleting temporary conversations is postponed: %s", error)
        if removed:
            log.info("Deleted %d temporary conversations", removed)
        return removed

    def sweep_users(self) -> int:
        """Delete users without data that have not returned, and return their number."""
        since = self._clock.now_ms() - _TTL_MS
        removed = last = 0
        try:
            while batch := self._store.sessions.unused_users(since, last, _USER_BATCH):
                removed += self._store.sessions.remove_unused_users(batch, since)
                last = batch[-1]
        except StoreUnavailable as error:
            log.warning("Deleting unused identities is postponed: %s", error)
        if removed:
            log.info("Deleted %d unused identities", removed)
        return removed

    def _remove(self, conversation_id: int, unused_since: int) -> bool:
        """Delete one conversation. A failure must not prevent the deletion of the others."""
        try:
            removed = self._store.conversations.remove_expired(conversation_id, unused_since)
        except StoreFailed:
            log.exception("Temporary conversation %s cannot be deleted", conversation_id)
            return False
        if removed:
            self._memory.drop(conversation_id)
        return removed
