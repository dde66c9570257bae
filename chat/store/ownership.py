"""Load the object that an id in a request names, through its owner. No other code loads by an id from a request.

A missing object and another user's object raise the same NotFound.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from chat.errors import NotFound
from chat.store import conversations, history
from chat.store.engines.contract import Engine
from chat.store.records import Conversation, Message, Turn
from chat.store.rows import first
from chat.store.transactions import reads, reads_snapshot

CONVERSATION = f"SELECT {conversations.COLUMNS} FROM conversations WHERE id = ?"  # noqa: S608 - ours


class Owned(Protocol):
    """A loaded conversation, or its columns that a query needs."""

    @property
    def user_id(self) -> int: ...


Loaded = TypeVar("Loaded", bound=Owned)


def owned(conversation: Loaded | None, user_id: int | None) -> Loaded:
    """Return the conversation. Raises NotFound if there is none, or if it does not belong to the user."""
    if conversation is None or conversation.user_id != user_id:
        raise NotFound("There is no such conversation.")
    return conversation


class Ownership:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @reads
    def conversation(self, user_id: int, conversation_id: int) -> Conversation:
        return _conversation(self.engine, user_id, conversation_id)

    @reads_snapshot
    def message(self, user_id: int, message_id: int) -> tuple[Conversation, Message]:
        """Return a message and its conversation. Raises NotFound."""
        record = first(self.engine.execute(history.MESSAGE, (message_id,)))
        if record is None:
            raise NotFound("There is no such message.")
        conversation = _conversation(self.engine, user_id, record["conversation_id"])
        return conversation, history.messages_from_rows(self.engine, [record])[0]

    @reads
    def turn(self, user_id: int, turn_id: int) -> tuple[Conversation, Turn]:
        """Return a turn and its conversation. Raises NotFound."""
        record = first(self.engine.execute(history.TURN, (turn_id,)))
        if record is None:
            raise NotFound("There is no such turn.")
        return _conversation(self.engine, user_id, record["conversation_id"]), history.turn_from_row(record)


def _conversation(engine: Engine, user_id: int, conversation_id: int) -> Conversation:
    row = first(engine.execute(CONVERSATION, (conversation_id,)))
    return owned(None if row is None else conversations.record(row), user_id)
