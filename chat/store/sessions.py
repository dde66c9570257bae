"""Users, and the sessions by which browsers are recognised as users."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from chat.runtime.clock import Clock
from chat.store.engines.contract import Engine
from chat.store.transactions import reads, writes

FIND = """
    SELECT users.id, users.name, CASE WHEN used_at > sessions.created_at THEN used_at ELSE sessions.created_at END
    FROM sessions JOIN users ON users.id = sessions.user_id WHERE token_digest = ?
"""
_TOUCH = "UPDATE sessions SET used_at = ? WHERE token_digest = ?"

# The user id of a browser that has not written anything yet. No row has this id, so this user owns nothing.
UNSAVED_USER = 2**63 - 1

# Anonymous users that own nothing and whose sessions are unused. User 0 owns hidden conversations and is excluded.
_UNUSED = """
    id > ? AND name IS NULL AND instructions = '' AND created_at < ?
    AND NOT EXISTS (SELECT 1 FROM conversations WHERE conversations.user_id = users.id)
    AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = users.id AND (created_at >= ? OR used_at >= ?))
"""
UNUSED = f"SELECT id FROM users WHERE {_UNUSED} ORDER BY id LIMIT ?"  # noqa: S608 - our own text
REMOVE_UNUSED = f"DELETE FROM users WHERE {_UNUSED} AND id = ANY(?)"  # noqa: S608

_LISTED = "FROM users WHERE id = ANY(?)"

_CREATE_USER = "INSERT INTO users (name, created_at) VALUES (NULL, ?) RETURNING id"
_CREATE_SESSION = "INSERT INTO sessions (token_digest, user_id, created_at, used_at) VALUES (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Identity:
    """A browser with a valid session token. `used_at` is the time of its last recorded use."""

    user_id: int
    name: str | None
    token: str
    used_at: int


@dataclass(frozen=True, slots=True)
class UnverifiedSession:
    """A session claimed by a request and not verified yet. A later transaction looks up its user."""

    digest: str


# The owner of a request: a user id, or a session to be verified.
Owner = int | UnverifiedSession


def unverified_session(token: str) -> UnverifiedSession:
    """Return the unverified session of a cookie's token."""
    return UnverifiedSession(_digest(token))


class Sessions:
    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self._clock = clock

    @reads
    def find(self, *tokens: str) -> Identity | None:
        """Return the identity of the first token with a session, or None."""
        for token in tokens:
            if row := self.engine.execute(FIND, (_digest(token),)).fetchone():
                return Identity(row[0], row[1], token, row[2])
        return None

    @writes
    def create(self, token: str) -> Identity:
        """Create a user for the browser with `token`, or return the one that a parallel request created."""
        now = self._clock.now_ms()
        if row := self.engine.execute(FIND, (_digest(token),)).fetchone():
            return Identity(row[0], row[1], token, row[2])
        ((user_id,),) = self.engine.execute(_CREATE_USER, (now,)).fetchall()
        self.engine.execute(_CREATE_SESSION, (_digest(token), user_id, now, now))
        return Identity(user_id, None, token, now)

    def create_anonymous(self) -> Identity:
        """Create a user with a new token."""
        return self.create(secrets.token_urlsafe(32))

    @writes
    def touch(self, identity: Identity) -> bool:
        """Update the last use of a session. Return whether the session exists."""
        return bool(self.engine.execute(_TOUCH, (self._clock.now_ms(), _digest(identity.token))).rowcount)

    @reads
    def unused_users(self, since: int, after: int, limit: int) -> list[int]:
        """Return ids above `after` of users that own nothing and were not used since `since` (milliseconds)."""
        return [row[0] for row in self.engine.execute(UNUSED, (after, since, since, since, limit)).fetchall()]

    @writes
    def remove_unused_users(self, user_ids: Sequence[int], since: int) -> int:
        """Delete those of the users that are still unused. Return their number."""
        ids = self.engine.array(user_ids)
        self.engine.lock(_LISTED, (ids,))  # one that gets a conversation now is not unused
        return self.engine.execute(REMOVE_UNUSED, (0, since, since, since, ids)).rowcount


def _digest(token: str) -> str:
    """Return the digest that is stored for a token. A token is 256 random bits, so one plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
