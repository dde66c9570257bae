"""Operators' sessions that were signed out before they expired.

Such a session is a signed cookie, so each worker of each server has to know which of them have ended.
"""

from __future__ import annotations

from chat.runtime.clock import Clock
from chat.store.engines.contract import Engine
from chat.store.transactions import reads, writes

_ADD = "INSERT INTO ended_admin_sessions (digest, expires_at) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"
_REMOVE_EXPIRED = "DELETE FROM ended_admin_sessions WHERE expires_at <= ?"
_DIGESTS = "SELECT digest FROM ended_admin_sessions"


class EndedAdminSessions:
    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self._clock = clock

    @writes
    def add(self, digest: str, expires_at: int) -> None:
        """Record the end of a session that expires at this time, in ms. Raises StoreUnavailable."""
        self.engine.execute(_REMOVE_EXPIRED, (self._clock.now_ms(),))
        self.engine.execute(_ADD, (digest, expires_at))

    @reads
    def digests(self) -> frozenset[str]:
        """Return the digests of all sessions that have ended; some may have expired. Raises StoreUnavailable."""
        return frozenset(digest for (digest,) in self.engine.execute(_DIGESTS).fetchall())
