"""Users' own instructions, which the model gets with every turn."""

from __future__ import annotations

from chat.store.database import Database, reads, writes
from chat.store.models import User


class Instructions:
    def __init__(self, database: Database) -> None:
        self.database = database

    @reads
    def of(self, user_id: int) -> str:
        found = User.select(User.instructions).where(User.id == user_id).dicts().first()
        return "" if found is None else str(found["instructions"])

    @writes
    def change(self, user_id: int, text: str) -> None:
        User.update(instructions=text).where(User.id == user_id).execute()
