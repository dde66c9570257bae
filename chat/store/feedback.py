"""Feedback on answers: a thumb up or down, with an optional comment."""

from __future__ import annotations

from chat.runtime.clock import Clock
from chat.store.engines.contract import Engine
from chat.store.records import Message
from chat.store.transactions import writes

_GIVE = """
    INSERT INTO feedback (message_id, value, comment, updated_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (message_id)
    DO UPDATE SET value = excluded.value, comment = excluded.comment, updated_at = excluded.updated_at
"""
_DELETE = "DELETE FROM feedback WHERE message_id = ?"


class Feedback:
    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self._clock = clock

    @writes
    def give(self, answer: Message, value: int | None, comment: str | None) -> None:
        """Replace the feedback on an answer. `value` is 1 or -1; None deletes the feedback and its comment."""
        if value is None:
            self.engine.execute(_DELETE, (answer.id,))
        else:
            self.engine.execute(_GIVE, (answer.id, value, comment, self._clock.now_ms()))
