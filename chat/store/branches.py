"""One branch of a conversation, read in pages from its end upwards. `history.py` reads whole conversations."""

from __future__ import annotations

from dataclasses import dataclass

from chat.errors import InvalidRequest
from chat.store import history
from chat.store.engines.contract import Engine
from chat.store.records import BranchPage, Conversation
from chat.store.transactions import reads_snapshot

# The descendants of a message. An answer is newer than its question, so the newest descendant is a leaf.
NEWEST_BELOW = """
    WITH RECURSIVE below (id) AS (
        SELECT id FROM messages WHERE id = ?
        UNION ALL
        SELECT messages.id FROM below JOIN messages INDEXED BY messages_children ON messages.parent_id = below.id
    )
    SELECT max(id) FROM below
"""

SIBLINGS = """
    SELECT message.id, sibling.id
    FROM messages AS message
    JOIN messages AS sibling INDEXED BY messages_children
      ON sibling.parent_id = message.parent_id AND sibling.role = message.role
    WHERE message.id = ANY(?)
    ORDER BY sibling.id
"""

ROOTS = """
    SELECT id FROM messages INDEXED BY messages_roots WHERE conversation_id = ? AND parent_id IS NULL ORDER BY id
"""

_FEEDBACK = "SELECT message_id, value FROM feedback WHERE message_id = ANY(?)"
_PARENT = "SELECT parent_id FROM messages WHERE id = ?"
_IN_CONVERSATION = "SELECT 1 FROM messages WHERE id = ? AND conversation_id = ?"


@dataclass(frozen=True, slots=True)
class BranchPosition:
    """The branch to read and where its page ends. Without any field: the end of the newest branch.

    `leaf` is the last message of the branch. `through` is a message on the branch, which then ends at the newest
    descendant. `before`, alone or with `leaf`, limits the page to messages before this one.
    """

    leaf: int | None = None
    through: int | None = None
    before: int | None = None


class Branches:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @reads_snapshot
    def page(self, conversation: Conversation, position: BranchPosition, limit: int) -> BranchPage:
        """Return the last `limit` messages at a position of a conversation.

        Raises InvalidRequest for a message of another conversation.
        """
        for name in ("leaf", "through", "before"):
            self._check(conversation, name, getattr(position, name))
        leaf = self._leaf(conversation, position)
        end = leaf if position.before is None else self._scalar(_PARENT, position.before)
        path = [] if end is None else history.path_to(self.engine, end, limit + 1)
        messages = history.messages_from_rows(self.engine, path[-limit:])
        ids = [message.id for message in messages]
        return BranchPage(leaf, messages, self._siblings(conversation.id, ids), self._feedback(ids), len(path) > limit)

    def _check(self, conversation: Conversation, field: str, message_id: int | None) -> None:
        if message_id is None:
            return
        if self._scalar(_IN_CONVERSATION, message_id, conversation.id) is None:
            raise InvalidRequest("invalid_value", f"{field} names no message of this conversation.", field)

    def _leaf(self, conversation: Conversation, position: BranchPosition) -> int | None:
        if position.through is not None:
            return self._scalar(NEWEST_BELOW, position.through)
        return conversation.head_id if position.leaf is None else position.leaf

    def _siblings(self, conversation_id: int, ids: list[int]) -> dict[int, list[int]]:
        siblings: dict[int, list[int]] = {}
        for message_id, sibling_id in self.engine.execute(SIBLINGS, (self.engine.array(ids),)).fetchall():
            siblings.setdefault(message_id, []).append(sibling_id)
        if missing := [each for each in ids if each not in siblings]:
            roots = [row[0] for row in self.engine.execute(ROOTS, (conversation_id,)).fetchall()]
            siblings |= dict.fromkeys(missing, roots)
        return siblings

    def _feedback(self, ids: list[int]) -> dict[int, int]:
        return dict(self.engine.execute(_FEEDBACK, (self.engine.array(ids),)).fetchall())

    def _scalar(self, statement: str, *values: int) -> int | None:
        row = self.engine.execute(statement, values).fetchone()
        return None if row is None else row[0]
