"""The one way from an id in a request to what it names: through its owner.

What does not exist and what belongs to somebody else raise the same NotFound. Nothing else loads by a
caller's id.
"""

from __future__ import annotations

from chat.errors import NotFound
from chat.store import conversations, history
from chat.store.database import Database, reads
from chat.store.models import Conversation as ConversationRow
from chat.store.models import Message as MessageRow
from chat.store.models import Turn as TurnRow
from chat.store.models import row
from chat.store.records import Conversation, Message, Turn


class Ownership:
    def __init__(self, database: Database) -> None:
        self.database = database

    @reads
    def conversation(self, user_id: int, conversation_id: int) -> Conversation:
        return _conversation(user_id, conversation_id)

    @reads
    def message(self, user_id: int, message_id: int) -> tuple[Conversation, Message]:
        """A message, and the conversation it stands in."""
        found = row(MessageRow.select().where(MessageRow.id == message_id))
        if found is None:
            raise NotFound("There is no such message.")
        return _conversation(user_id, found["conversation_id"]), history.messages_of([found])[0]

    @reads
    def turn(self, user_id: int, turn_id: int) -> tuple[Conversation, Turn]:
        """A turn, and the conversation it runs or ran in."""
        found = row(TurnRow.select().where(TurnRow.id == turn_id))
        if found is None:
            raise NotFound("There is no such turn.")
        return _conversation(user_id, found["conversation_id"]), history.turn_of(found)


def _conversation(user_id: int, conversation_id: int) -> Conversation:
    theirs = (ConversationRow.id == conversation_id) & (ConversationRow.user_id == user_id)
    found = row(ConversationRow.select().where(theirs))
    if found is None:
        raise NotFound("There is no such conversation.")
    return conversations.record(found)
