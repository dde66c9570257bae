"""Whether the database can be read and written: tried now and then, since a disk may fill up or turn read-only."""

from __future__ import annotations

import time

from chat.errors import StoreUnavailable
from chat.store.database import Database

_TRY_EVERY_S = 5.0
# More than a page, so that a database which may not grow any more refuses it. Nothing of it stays.
_WRITE = "INSERT INTO readiness (filler) VALUES (zeroblob(8192))"
_TAKE_BACK = "DELETE FROM readiness"


class Readiness:
    """One for each worker."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._written_at = float("-inf")

    def check(self) -> None:
        """Raise StoreUnavailable unless the database answers, and could be written to a moment ago."""
        self.database.read(lambda: self.database.run("SELECT 1 FROM users LIMIT 1").fetchone())
        if time.monotonic() - self._written_at < _TRY_EVERY_S:
            return
        try:
            self.database.write(self._write)
        except StoreUnavailable:
            self._written_at = float("-inf")
            raise
        self._written_at = time.monotonic()

    def _write(self) -> None:
        self.database.run(_WRITE)
        self.database.run(_TAKE_BACK)
