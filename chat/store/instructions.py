"""Users' own instructions, which are sent to the model with every turn."""

from __future__ import annotations

from chat.store.engines.contract import Engine
from chat.store.models import User
from chat.store.transactions import reads, writes


class Instructions:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @reads
    def get(self, user_id: int) -> str:
        row = User.select(User.instructions).where(User.id == user_id).dicts().first()
        return "" if row is None else str(row["instructions"])

    @writes
    def change(self, user_id: int, text: str) -> None:
        User.update(instructions=text).where(User.id == user_id).execute()
