"""All data of one user: count it, read it in pages, delete it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chat.errors import StoreUnavailable
from chat.store import history, instructions
from chat.store.engines.contract import Engine
from chat.store.records import Message, Turn
from chat.store.removal import HiddenConversation, Removal, hide
from chat.store.rows import named
from chat.store.transactions import reads, reads_snapshot, writes

# Conversations hidden in one transaction.
_BATCH_SIZE = 100

_CONVERSATIONS = "FROM conversations WHERE user_id = ?"
_COUNTS = """
    SELECT
        (SELECT count(*) FROM conversations WHERE user_id = ?),
        (SELECT count(*) FROM messages WHERE conversation_id IN (SELECT id FROM conversations WHERE user_id = ?)),
        (SELECT count(*) FROM shares WHERE conversation_id IN (SELECT id FROM conversations WHERE user_id = ?)),
        (SELECT instructions <> '' FROM users WHERE id = ?)
"""
_RUNNING = f"""
    SELECT {history.TURN_COLUMNS} FROM turns
    WHERE id IN (SELECT active_turn_id FROM conversations WHERE user_id = ? AND active_turn_id IS NOT NULL)
"""  # noqa: S608 - our own columns
_OWNED = "FROM conversations WHERE user_id = ? AND id = ANY(?)"
_MESSAGES = f"""
    SELECT {history.MESSAGE_COLUMNS} FROM messages WHERE conversation_id = ? AND id > ? ORDER BY id LIMIT ?
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class UserDataCounts:
    """Numbers of conversations, messages and shared links, and whether instructions are set."""

    conversations: int
    messages: int
    shares: int
    instructions: bool


class UserData:
    def __init__(self, engine: Engine, removal: Removal) -> None:
        self.engine = engine
        self._removal = removal

    @reads
    def counts(self, user_id: int) -> UserDataCounts:
        conversations, messages, shares, instructions = self.engine.execute(_COUNTS, (user_id,) * 4).fetchone()
        return UserDataCounts(conversations, messages, shares, bool(instructions))

    @reads
    def conversation_ids(self, user_id: int) -> list[int]:
        """Return the ids of all conversations of a user, including archived and temporary ones."""
        return sorted(row[0] for row in self.engine.select("id", _CONVERSATIONS, (user_id,)))

    @reads
    def running_turns(self, user_id: int) -> list[Turn]:
        """Return the running turns of a user."""
        return [history.turn_from_row(row) for row in named(self.engine.execute(_RUNNING, (user_id,)))]

    @reads_snapshot
    def messages(self, conversation_id: int, after: int, limit: int) -> list[Message]:
        """Return at most `limit` messages with an id above `after`, of all branches, in order of their ids."""
        return history.messages_from_rows(
            self.engine, named(self.engine.execute(_MESSAGES, (conversation_id, after, limit)))
        )

    def delete(self, user_id: int) -> list[int]:
        """Delete all data of a user, except the user and the sessions.

        Return the ids of the deleted conversations. A conversation with a running turn stays. Raises
        StoreUnavailable.
        """
        conversations = self.conversation_ids(user_id)
        hidden: list[HiddenConversation] = []
        try:
            for start in range(0, len(conversations), _BATCH_SIZE):
                hidden += self._hide(user_id, conversations[start : start + _BATCH_SIZE])
            self._clear_instructions(user_id)
        except StoreUnavailable:
            self._removal.due = True  # the last commit may have taken effect
            raise
        self._removal.due |= bool(hidden)
        return [each.conversation_id for each in hidden]

    @writes
    def _hide(self, user_id: int, conversations: Sequence[int]) -> list[HiddenConversation]:
        owned = self.engine.select("id", _OWNED, (user_id, self.engine.array(conversations)))
        return hide(self.engine, [row[0] for row in owned])

    @writes
    def _clear_instructions(self, user_id: int) -> None:
        self.engine.execute(instructions.CHANGE, ("", user_id))
