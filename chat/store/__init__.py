"""The database: one `Store` with a repository for each subject."""

from __future__ import annotations

import hashlib

from chat.errors import DatabaseTooNew
from chat.runtime.clock import MACHINE_CLOCK, Clock
from chat.store.branches import Branches
from chat.store.conversations import Conversations
from chat.store.ended_admin_sessions import EndedAdminSessions
from chat.store.engines import engine_for
from chat.store.engines.contract import Engine
from chat.store.feedback import Feedback
from chat.store.history import History
from chat.store.indexing import Index
from chat.store.instructions import Instructions
from chat.store.migrations import migrate
from chat.store.ownership import Ownership
from chat.store.readiness import Readiness
from chat.store.removal import Removal
from chat.store.search import Search
from chat.store.sessions import Sessions
from chat.store.shares import Shares
from chat.store.turn_progress import Deltas
from chat.store.turns import Turns
from chat.store.user_data import UserData
from chat.store.worker_reports import WorkerReports

__all__ = ["Store", "engine_for"]


class Store:
    """The database and its repositories. Nothing is opened or created before the first call."""

    def __init__(self, engine: Engine, clock: Clock = MACHINE_CLOCK) -> None:
        self.engine = engine
        self.readiness = Readiness(engine, clock)
        self.sessions = Sessions(engine, clock)
        self.ownership = Ownership(engine)
        self.instructions = Instructions(engine)
        self.removal = Removal(engine)
        self.conversations = Conversations(engine, self.removal, clock)
        self.user_data = UserData(engine, self.removal)
        self.history = History(engine)
        self.branches = Branches(engine)
        self.feedback = Feedback(engine, clock)
        self.shares = Shares(engine, clock)
        self.index = Index(engine)
        self.search = Search(engine, self.index)
        self.turns = Turns(engine, clock)
        self.deltas = Deltas(engine)
        self.worker_reports = WorkerReports(engine)
        self.ended_admin_sessions = EndedAdminSessions(engine, clock)

    def identity(self) -> str:
        """Return what tells this database from all others, wherever they are. Raises StoreUnavailable."""
        # A file's own identity is that of its machine only.
        own = self.engine.key("share-key") if self.engine.location.startswith("/") else b""
        return f"{self.engine.open_identity()} {hashlib.sha256(own).hexdigest()}"

    def migrate(self) -> list[str]:
        """Apply the missing migrations and return their names. Raises DatabaseTooNew, StoreUnavailable, OSError."""
        return migrate(self.engine)

    def ping(self) -> None:
        """Raise StoreUnavailable unless the database can be read and the last probe could write."""
        self.readiness.check()

    def check_usable(self) -> None:
        """Raise OSError or StoreUnavailable unless the database can be used, or created later. Creates nothing."""
        if self.engine.exists():
            self.ping()

    def explain_unopenable(self, error: BaseException) -> str:
        """Return one sentence for the operator about a database that could not be opened or migrated."""
        if isinstance(error, DatabaseTooNew):
            location = self.engine.location
            return f"DATABASE_URL names {location}, but {error}. Run that version, or name another database."
        return self.engine.explain_unopenable(error)

    def close(self) -> None:
        self.engine.close()
