"""Who a browser is: users, and the sessions that stand for them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from chat.store.database import Database, reads, writes
from chat.store.models import Session, User
from chat.store.records import now_ms
from chat.store.values import RunStatement

FIND = """
    SELECT users.id, users.name FROM sessions JOIN users ON users.id = sessions.user_id WHERE token_digest = ?
"""

# One row, however many sessions.
USERS = """
    SELECT json_group_object(token_digest, users.id) FROM sessions JOIN users ON users.id = sessions.user_id
    WHERE token_digest IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in browser. `token` is set only when it was made just now: it is shown to the browser once."""

    user_id: int
    name: str | None
    token: str = ""


@dataclass(frozen=True, slots=True)
class SessionHolder:
    """Somebody of whom no more is known than the session he says is his. Whose it is, a transaction finds out."""

    digest: str


# Who asks for something: a user, or whoever holds a session.
Owner = int | SessionHolder


def holder(token: str) -> SessionHolder:
    """Whoever has `token` in his cookie."""
    return SessionHolder(_digest(token))


def users_of(run: RunStatement, owners: Collection[Owner]) -> dict[Owner, int]:
    """The user behind each of `owners`; of a session that there is not, nothing. Call it inside a read or a write."""
    found: dict[Owner, int] = {owner: owner for owner in owners if isinstance(owner, int)}
    if digests := [owner.digest for owner in owners if isinstance(owner, SessionHolder)]:
        (users,) = run(USERS, (msgspec.json.encode(digests).decode(),)).fetchone()
        found |= {SessionHolder(digest): user for digest, user in msgspec.json.decode(users).items()}
    return found


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
