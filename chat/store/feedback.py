"""Feedback on answers: a thumb up or down, with an optional comment."""

from __future__ import annotations

from chat.store.engines.contract import Engine
from chat.store.models import Feedback as Row
from chat.store.records import Message, now_ms
from chat.store.transactions import writes


class Feedback:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @writes
    def give(self, answer: Message, value: int | None, comment: str | None) -> None:
        """Replace the feedback on an answer. `value` is 1 or -1; None deletes the feedback and its comment."""
        if value is None:
            Row.delete().where(Row.message_id == answer.id).execute()
        else:
            Row.replace(message_id=answer.id, value=value, comment=comment, updated_at=now_ms()).execute()
