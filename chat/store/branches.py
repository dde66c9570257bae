"""A conversation read a page at a time, along one branch from its end upwards. Whole ones: `history.py`."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from chat.errors import InvalidRequest
from chat.store import history
from chat.store.database import Database, reads_snapshot
from chat.store.models import Feedback, rows
from chat.store.records import BranchPage, Conversation

# What hangs below a message; an answer is made after its question, so the newest of all is a leaf.
NEWEST_BELOW = """
    WITH RECURSIVE below (id) AS (
        SELECT ?
        UNION ALL
        SELECT messages.id FROM below JOIN messages INDEXED BY messages_children ON messages.parent_id = below.id
    )
    SELECT max(id) FROM below
"""

SIBLINGS = """
    SELECT shown.id, beside.id
    FROM json_each(?) AS wanted
    JOIN messages AS shown ON shown.id = wanted.value
    JOIN messages AS beside INDEXED BY messages_children
      ON beside.parent_id = shown.parent_id AND beside.role = shown.role
    ORDER BY beside.id
"""

ROOTS = """
    SELECT id FROM messages INDEXED BY messages_roots WHERE conversation_id = ? AND parent_id IS NULL ORDER BY id
"""

_PARENT = "SELECT parent_id FROM messages WHERE id = ?"
_THEIRS = "SELECT 1 FROM messages WHERE id = ? AND conversation_id = ?"


@dataclass(frozen=True, slots=True)
class BranchPosition:
    """Which branch, and how far up. At most one of the three is set; none: the end of the newest branch.

    `leaf`: the branch that ends at this message. `through`: the one through this message, down to the newest
    below it. `before`, alone or with a leaf: only what comes before this message.
    """

    leaf: int | None = None
    through: int | None = None
    before: int | None = None


class Branches:
    def __init__(self, database: Database) -> None:
        self.database = database

    @reads_snapshot
    def page(self, conversation: Conversation, place: BranchPosition, limit: int) -> BranchPage:
        """The last `limit` messages at a place of a conversation.

        Raises InvalidRequest for a message that is not one of this conversation's.
        """
        for name in ("leaf", "through", "before"):
            self._check(conversation, name, getattr(place, name))
        leaf = self._leaf(conversation, place)
        end = (
            leaf if place.before is None else self._scalar("SELECT parent_id FROM messages WHERE id = ?", place.before)
        )
        found = [] if end is None else history.path_to(self.database, end, limit + 1)
        shown = history.messages_of(found[-limit:])
        ids = [message.id for message in shown]
        return BranchPage(leaf, shown, self._siblings(conversation.id, ids), _feedback(ids), len(found) > limit)

    def _check(self, conversation: Conversation, field: str, message_id: int | None) -> None:
        if message_id is None:
            return
        if self._scalar(_THEIRS, message_id, conversation.id) is None:
            raise InvalidRequest("invalid_value", f"{field} names no message of this conversation.", field)

    def _leaf(self, conversation: Conversation, place: BranchPosition) -> int | None:
        if place.through is not None:
            return self._scalar(NEWEST_BELOW, place.through)
        return conversation.head_id if place.leaf is None else place.leaf

    def _siblings(self, conversation_id: int, ids: list[int]) -> dict[int, list[int]]:
        siblings: dict[int, list[int]] = {}
        for shown, beside in self.database.peewee.execute_sql(SIBLINGS, (_json(ids),)).fetchall():
            siblings.setdefault(shown, []).append(beside)
        if missing := [each for each in ids if each not in siblings]:
            roots = [row[0] for row in self.database.peewee.execute_sql(ROOTS, (conversation_id,)).fetchall()]
            siblings |= dict.fromkeys(missing, roots)
        return siblings

    def _scalar(self, statement: str, *values: int) -> int | None:
        row = self.database.peewee.execute_sql(statement, values).fetchone()
        return None if row is None else row[0]


def _feedback(ids: list[int]) -> dict[int, int]:
    return {given["message_id"]: given["value"] for given in rows(Feedback.select().where(Feedback.message_id << ids))}


def _json(ids: list[int]) -> str:
    return msgspec.json.encode(ids).decode()
