"""Users' own instructions, which are sent to the model with every turn."""

from __future__ import annotations

from chat.store.engines.contract import Engine
from chat.store.transactions import reads, writes

_GET = "SELECT instructions FROM users WHERE id = ?"
CHANGE = "UPDATE users SET instructions = ? WHERE id = ?"


class Instructions:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @reads
    def get(self, user_id: int) -> str:
        row = self.engine.execute(_GET, (user_id,)).fetchone()
        return "" if row is None else str(row[0])

    @writes
    def change(self, user_id: int, text: str) -> None:
        self.engine.execute(CHANGE, (text, user_id))
