"""Deletes conversations in two steps: hidden at once, removed row by row in many short transactions.

A conversation of ten thousand messages takes seconds to delete, and the database has one write lock. So `hide` gives
the conversation to a user whom no session belongs to: from that moment its owner, search and shared links do not find
it. `remove_batch` then deletes messages, the newest first, until its time is over. It goes on after a crash, because
what is left is found by its owner. Message by message, because a cascade over a long branch is deeper than SQLite
allows.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from chat.errors import StoreUnavailable
from chat.store.bulk import Execute, json_ids
from chat.store.database import Database, reads, writes

log = logging.getLogger(__name__)

# The user that owns what is deleted (migration 0007).
DELETED_OWNER = 0

# Holding the lock for longer would make others wait; less would spend most of the time on commits.
_BATCH_S = 0.01
# A request that deletes removes what it can in this time. That is all of most conversations.
_REQUEST_BUDGET_S = 0.3

# Nor is it temporary any more: what expires is looked for among those that are.
_HIDE = f"""
    UPDATE conversations SET user_id = {DELETED_OWNER}, temporary = 0
    WHERE id IN (SELECT value FROM json_each(?)) AND user_id <> {DELETED_OWNER} AND active_turn_id IS NULL
"""  # noqa: S608 - our own number
_HIDDEN = f"""
    SELECT json_group_array(json_array(id, updated_at)) FROM conversations
    WHERE id IN (SELECT value FROM json_each(?)) AND user_id = {DELETED_OWNER}
"""  # noqa: S608
_REVOKE = "DELETE FROM shares WHERE conversation_id IN (SELECT value FROM json_each(?))"

PENDING = f"""
    SELECT id, updated_at FROM conversations INDEXED BY conversations_listed WHERE user_id = {DELETED_OWNER} LIMIT ?
"""  # noqa: S608
_CLAIM = f"""
    UPDATE conversations SET updated_at = updated_at + 1 WHERE id = ? AND updated_at = ? AND user_id = {DELETED_OWNER}
"""  # noqa: S608
# A message is newer than the one that it follows: the newest has nothing below it.
NEWEST = "DELETE FROM messages WHERE id = (SELECT max(id) FROM messages WHERE conversation_id = ?)"
_LAST = "DELETE FROM conversations WHERE id = ?"


@dataclass(frozen=True, slots=True)
class HiddenConversation:
    """A hidden conversation. `version` changes with each portion, so that only one worker removes it at a time."""

    conversation_id: int
    version: int


class Removal:
    """The removal of hidden conversations. `due` is set while this process has left some of one."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.due = False
        # Portions that wait at the same time would share a transaction, and the lock would be held for all of them.
        self._one = threading.Lock()

    def remove_now(self, remains: HiddenConversation) -> None:
        """Remove what was hidden just now, or as much of it as a request may wait for. The rest is left for later."""
        until = time.monotonic() + _REQUEST_BUDGET_S
        left: HiddenConversation | None = remains
        try:
            while left is not None and time.monotonic() < until:
                left = self.remove_batch(left)
        except StoreUnavailable as error:
            log.warning("Removing conversation %s is put off: %s", remains.conversation_id, error)
        self.due |= left is not None

    @reads
    def pending(self, limit: int) -> list[HiddenConversation]:
        """Return hidden conversations that are not removed yet."""
        return [HiddenConversation(*row) for row in self.database.execute(PENDING, (limit,)).fetchall()]

    def remove_batch(self, remains: HiddenConversation) -> HiddenConversation | None:
        """Delete messages for some milliseconds, and the conversation when none is left.

        Returns what is left; None when nothing is, or when another worker is removing it.
        """
        with self._one:
            return self._remove_batch(remains)

    @writes
    def _remove_batch(self, remains: HiddenConversation) -> HiddenConversation | None:
        execute, place = self.database.execute, remains.conversation_id
        until = time.monotonic() + _BATCH_S
        if not execute(_CLAIM, (place, remains.version)).rowcount:
            return None
        while execute(NEWEST, (place,)).rowcount:
            if time.monotonic() >= until:
                return HiddenConversation(place, remains.version + 1)
        execute(_LAST, (place,))
        return None


def hide(execute: Execute, conversations: Iterable[int]) -> list[HiddenConversation]:
    """Take conversations from their owner, and their shared links away. Call it inside a write.

    Returns those that are hidden now; one with a running turn stays as it is.
    """
    wanted = json_ids(conversations)
    execute(_HIDE, (wanted,))
    (found,) = execute(_HIDDEN, (wanted,)).fetchone()
    hidden = [HiddenConversation(*row) for row in msgspec.json.decode(found)]
    execute(_REVOKE, (json_ids(each.conversation_id for each in hidden),))
    return hidden
