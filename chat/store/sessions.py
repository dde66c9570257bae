"""Who a browser is: users, and the sessions that stand for them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from chat.store.database import Database, reads, writes
from chat.store.models import Session, User
from chat.store.records import now_ms

FIND = """
    SELECT users.id, users.name FROM sessions JOIN users ON users.id = sessions.user_id WHERE token_digest = ?
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in browser. `token` is set only when it was made just now: it is shown to the browser once."""

    user_id: int
    name: str | None
    token: str = ""


class Sessions:
    def __init__(self, database: Database) -> None:
        self.database = database

    @reads
    def find(self, token: str) -> Identity | None:
        """The identity behind a browser's cookie, or None where there is no such session."""
        row = self.database.run(FIND, (_digest(token),)).fetchone()
        return None if row is None else Identity(row[0], row[1])

    @writes
    def create_anonymous(self) -> Identity:
        """A new private identity for a browser that has none."""
        token = secrets.token_urlsafe(32)
        user_id = User.insert(name=None, created_at=now_ms()).execute()
        Session.insert(token_digest=_digest(token), user_id=user_id, created_at=now_ms()).execute()
        return Identity(user_id, None, token)


def _digest(token: str) -> str:
    """What is stored of a token. It is 256 random bits, so one plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
