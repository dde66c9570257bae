"""The one way from an id in a request to what it names: through its owner.

What does not exist and what belongs to somebody else raise the same NotFound. Nothing else loads by a
caller's id, but for the beginning of a turn, which asks whose it is in its own transaction (`turn_begin.py`).
"""

from __future__ import annotations

from chat.errors import NotFound
from chat.store import conversations, history
from chat.store.database import Database, reads, reads_snapshot
from chat.store.models import Message as MessageRow
from chat.store.models import Turn as TurnRow
from chat.store.models import named, row
from chat.store.records import Conversation, Message, Turn

CONVERSATION = """
    SELECT id, user_id, title, pinned, created_at, updated_at, head_id, active_turn_id, temporary, archived
    FROM conversations WHERE id = ? AND user_id = ?
"""


class Ownership:
    def __init__(self, database: Database) -> None:
        self.database = database

    @reads
    def conversation(self, user_id: int, conversation_id: int) -> Conversation:
        return _conversation(self.database, user_id, conversation_id)

    @reads_snapshot
    def message(self, user_id: int, message_id: int) -> tuple[Conversation, Message]:
        """A message, and the conversation it stands in."""
        found = row(MessageRow.select().where(MessageRow.id == message_id))
        if found is None:
            raise NotFound("There is no such message.")
        return _conversation(self.database, user_id, found["conversation_id"]), history.messages_of([found])[0]

    @reads
    def turn(self, user_id: int, turn_id: int) -> tuple[Conversation, Turn]:
        """A turn, and the conversation it runs or ran in."""
        found = row(TurnRow.select().where(TurnRow.id == turn_id))
        if found is None:
            raise NotFound("There is no such turn.")
        return _conversation(self.database, user_id, found["conversation_id"]), history.turn_of(found)


def _conversation(database: Database, user_id: int, conversation_id: int) -> Conversation:
    found = named(database.run(CONVERSATION, (conversation_id, user_id)))
    if not found:
        raise NotFound("There is no such conversation.")
    return conversations.record(found[0])
