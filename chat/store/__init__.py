"""The database: one `Store` with a repository for each subject."""

from __future__ import annotations

from pathlib import Path

from chat.store.branches import Branches
from chat.store.conversations import Conversations
from chat.store.database import Database
from chat.store.feedback import Feedback
from chat.store.history import History
from chat.store.indexing import Index
from chat.store.instructions import Instructions
from chat.store.migrations import migrate
from chat.store.models import MODELS
from chat.store.ownership import Ownership
from chat.store.readiness import Readiness
from chat.store.removal import Removal
from chat.store.search import Search
from chat.store.sessions import Sessions
from chat.store.shares import Shares
from chat.store.turns import Turns
from chat.store.user_data import UserData


class Store:
    """The database and its repositories. Nothing is opened or created before the first call.

    A process has one store at a time: peewee's models are bound to the last one created.
    """

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.database.peewee.bind(MODELS)
        self.readiness = Readiness(self.database)
        self.sessions = Sessions(self.database)
        self.ownership = Ownership(self.database)
        self.instructions = Instructions(self.database)
        self.removal = Removal(self.database)
        self.conversations = Conversations(self.database, self.removal)
        self.user_data = UserData(self.database, self.removal)
        self.history = History(self.database)
        self.branches = Branches(self.database)
        self.feedback = Feedback(self.database)
        self.shares = Shares(self.database)
        self.index = Index(self.database)
        self.search = Search(self.database, self.index)
        self.turns = Turns(self.database)

    def migrate(self) -> list[str]:
        """Apply the missing migrations and return their names. Raises DatabaseTooNew, StoreUnavailable, OSError."""
        return migrate(self.database)

    def ping(self) -> None:
        """Raise StoreUnavailable unless the database can be read and the last probe could write."""
        self.readiness.check()

    def close(self) -> None:
        self.database.close()
