"""Delete conversations in two steps: hide them at once, then remove their rows in short transactions.

Deleting a conversation of ten thousand messages takes seconds, and the database has one write lock. So `hide` moves the
conversation to a user without sessions: from then on its owner, search and shared links do not find it. `remove_batch`
then deletes messages, newest first, until its time is over. Removal continues after a crash, because hidden
conversations are found by their owner. Messages are deleted one by one, because a cascade over a long branch exceeds
SQLite's recursion limit.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from chat.errors import StoreUnavailable
from chat.store.engines.contract import Engine
from chat.store.transactions import reads, writes

log = logging.getLogger(__name__)

# The user that owns hidden conversations (migration 0007).
DELETED_OWNER = 0

# Time of one batch. A longer one would block other writers; a shorter one would spend most of its time on commits.
_BATCH_S = 0.01
# Time that a delete request spends on removal. It is enough for most conversations.
_REQUEST_BUDGET_S = 0.3

# `temporary` is cleared so that the expiry job does not select it.
_HIDE = f"""
    UPDATE conversations SET user_id = {DELETED_OWNER}, temporary = 0
    WHERE id = ANY(?) AND user_id <> {DELETED_OWNER} AND active_turn_id IS NULL
"""  # noqa: S608 - our own number
_REQUESTED = "FROM conversations WHERE id = ANY(?)"
_HIDDEN = f"FROM conversations WHERE id = ANY(?) AND user_id = {DELETED_OWNER}"
_REVOKE = "DELETE FROM shares WHERE conversation_id = ANY(?)"

PENDING = f"""
    SELECT id, updated_at FROM conversations INDEXED BY conversations_listed WHERE user_id = {DELETED_OWNER} LIMIT ?
"""  # noqa: S608
_CLAIM = f"""
    UPDATE conversations SET updated_at = updated_at + 1 WHERE id = ? AND updated_at = ? AND user_id = {DELETED_OWNER}
"""  # noqa: S608
# A message is newer than its parent, so the newest one has no children.
NEWEST = "DELETE FROM messages WHERE id = (SELECT max(id) FROM messages WHERE conversation_id = ?)"
_DELETE_CONVERSATION = "DELETE FROM conversations WHERE id = ?"


@dataclass(frozen=True, slots=True)
class HiddenConversation:
    """A hidden conversation. `version` changes with each batch, so that only one worker removes it at a time."""

    conversation_id: int
    version: int


class Removal:
    """Removal of hidden conversations. `due` is True while this process has left rows to remove.

    A batch takes `batch_s` seconds at most, and a delete request removes rows for `request_budget_s` at most.
    """

    def __init__(
        self, engine: Engine, *, batch_s: float = _BATCH_S, request_budget_s: float = _REQUEST_BUDGET_S
    ) -> None:
        self.engine = engine
        self.batch_s = batch_s
        self.request_budget_s = request_budget_s
        self.due = False
        # Batches queued at the same time would share a transaction and hold the write lock for their total time.
        self._lock = threading.Lock()

    def remove_now(self, conversation: HiddenConversation) -> None:
        """Remove a hidden conversation for at most `request_budget_s`. The periodic job removes the rest."""
        until = time.monotonic() + self.request_budget_s
        left: HiddenConversation | None = conversation
        try:
            while left is not None and time.monotonic() < until:
                left = self.remove_batch(left)
        except StoreUnavailable as error:
            log.warning("Removal of conversation %s is postponed: %s", conversation.conversation_id, error)
        self.due |= left is not None

    @reads
    def pending(self, limit: int) -> list[HiddenConversation]:
        """Return at most `limit` hidden conversations."""
        return [HiddenConversation(*row) for row in self.engine.execute(PENDING, (limit,)).fetchall()]

    def remove_batch(self, conversation: HiddenConversation) -> HiddenConversation | None:
        """Delete messages for `batch_s`, then the conversation if no message is left.

        Return the conversation with its new version, or None if it is removed or another worker is removing it.
        """
        with self._lock:
            return self._remove_batch(conversation)

    @writes
    def _remove_batch(self, conversation: HiddenConversation) -> HiddenConversation | None:
        execute, conversation_id = self.engine.execute, conversation.conversation_id
        until = time.monotonic() + self.batch_s
        if not execute(_CLAIM, (conversation_id, conversation.version)).rowcount:
            return None
        while execute(NEWEST, (conversation_id,)).rowcount:
            if time.monotonic() >= until:
                return HiddenConversation(conversation_id, conversation.version + 1)
        execute(_DELETE_CONVERSATION, (conversation_id,))
        return None


def hide(engine: Engine, conversations: Iterable[int]) -> list[HiddenConversation]:
    """Hide conversations and delete their shared links. Call it inside a write.

    Return the hidden conversations. A conversation with a running turn stays visible.
    """
    requested = engine.array(conversations)
    engine.lock(_REQUESTED, (requested,))
    engine.execute(_HIDE, (requested,))
    hidden = [HiddenConversation(*row) for row in engine.select("id, updated_at", _HIDDEN, (requested,))]
    engine.execute(_REVOKE, (engine.array(each.conversation_id for each in hidden),))
    return hidden
