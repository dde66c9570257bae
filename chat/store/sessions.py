"""Who a browser is: users, and the sessions that stand for them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from chat.store.bulk import Execute, json_ids
from chat.store.database import Database, reads, writes
from chat.store.models import Session, User
from chat.store.records import now_ms

FIND = """
    SELECT users.id, users.name, max(sessions.created_at, used_at)
    FROM sessions JOIN users ON users.id = sessions.user_id WHERE token_digest = ?
"""
_TOUCH = "UPDATE sessions SET used_at = ? WHERE token_digest = ?"

# The user of a browser that has not written anything yet. No row has this number, so nothing is this user's.
UNSAVED_USER = 2**63 - 1

# Anonymous users who have nothing, and whose browsers did not come back. Not the owner of what is deleted (0).
_UNUSED = """
    id > ? AND name IS NULL AND instructions = '' AND created_at < ?
    AND NOT EXISTS (SELECT 1 FROM conversations WHERE conversations.user_id = users.id)
    AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = users.id AND max(created_at, used_at) >= ?)
"""
UNUSED = f"SELECT id FROM users WHERE {_UNUSED} ORDER BY id LIMIT ?"  # noqa: S608 - our own text
REMOVE_UNUSED = f"DELETE FROM users WHERE {_UNUSED} AND id IN (SELECT value FROM json_each(?))"  # noqa: S608

# One row, however many sessions.
USERS = """
    SELECT json_group_object(token_digest, users.id) FROM sessions JOIN users ON users.id = sessions.user_id
    WHERE token_digest IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """A browser that is let in, by its token. `used_at` is when it was last known to be used."""

    user_id: int
    name: str | None
    token: str
    used_at: int


@dataclass(frozen=True, slots=True)
class UnverifiedSession:
    """Somebody of whom no more is known than the session he says is his. Whose it is, a transaction finds out."""

    digest: str


# Who asks for something: a user, or whoever holds a session.
Owner = int | UnverifiedSession


def unverified_session(token: str) -> UnverifiedSession:
    """Whoever has `token` in his cookie."""
    return UnverifiedSession(_digest(token))


def users_of(execute: Execute, owners: Collection[Owner]) -> dict[Owner, int]:
    """The user behind each of `owners`; of a session that there is not, nothing. Call it inside a read or a write."""
    found: dict[Owner, int] = {owner: owner for owner in owners if isinstance(owner, int)}
    if digests := [owner.digest for owner in owners if isinstance(owner, UnverifiedSession)]:
        (users,) = execute(USERS, (msgspec.json.encode(digests).decode(),)).fetchone()
        found |= {UnverifiedSession(digest): user for digest, user in msgspec.json.decode(users).items()}
    return found


class Sessions:
    def __init__(self, database: Database) -> None:
        self.database = database

    @reads
    def find(self, *tokens: str) -> Identity | None:
        """The identity behind the first of `tokens` that has a session, or None."""
        for token in tokens:
            if row := self.database.execute(FIND, (_digest(token),)).fetchone():
                return Identity(row[0], row[1], token, row[2])
        return None

    @writes
    def create(self, token: str) -> Identity:
        """Make a private user for a browser that has `token`, or return the one that a request beside made."""
        now = now_ms()
        if row := self.database.execute(FIND, (_digest(token),)).fetchone():
            return Identity(row[0], row[1], token, row[2])
        user_id = User.insert(name=None, created_at=now).execute()
        Session.insert(token_digest=_digest(token), user_id=user_id, created_at=now, used_at=now).execute()
        return Identity(user_id, None, token, now)

    def create_anonymous(self) -> Identity:
        """Make a private user with a token of its own."""
        return self.create(secrets.token_urlsafe(32))

    @writes
    def touch(self, identity: Identity) -> bool:
        """Note that a session is used. Returns whether it is still there."""
        return bool(self.database.execute(_TOUCH, (now_ms(), _digest(identity.token))).rowcount)

    @reads
    def unused_users(self, since: int, after: int, limit: int) -> list[int]:
        """Ids above `after` of users who have nothing and did not come since that moment."""
        return [row[0] for row in self.database.execute(UNUSED, (after, since, since, limit)).fetchall()]

    @writes
    def remove_unused_users(self, user_ids: Sequence[int], since: int) -> int:
        """Delete those of the users that still are as `unused` found them. Returns how many."""
        return self.database.execute(REMOVE_UNUSED, (0, since, since, json_ids(user_ids))).rowcount


def _digest(token: str) -> str:
    """What is stored of a token. It is 256 random bits, so one plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
