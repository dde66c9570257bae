"""Whether the database can be read and written. A disk may fill up or turn read-only, so that is tried now and then."""

from __future__ import annotations

from chat.errors import StoreFailed, StoreTimeout, StoreUnavailable
from chat.store.database import Database

# More than a page, so that a database which may not grow any more refuses it. Nothing of it stays.
_WRITE = "INSERT INTO readiness (filler) VALUES (zeroblob(8192))"
_TAKE_BACK = "DELETE FROM readiness"


class Readiness:
    """One for each worker."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._refusal: StoreUnavailable | None = None

    def check(self) -> None:
        """Raise StoreUnavailable unless the database answers now, and took what was written last."""
        self.database.read(lambda: self.database.run("SELECT 1 FROM users LIMIT 1").fetchone())
        if self._refusal is not None:
            raise StoreUnavailable(self._refusal.message)

    def try_writing(self) -> None:
        """Find out whether the database takes what is written. One that is locked or slow for a while still does."""
        try:
            self.database.write(self._write)
        except StoreTimeout:
            return
        except StoreUnavailable as refusal:
            if isinstance(refusal, StoreFailed) or "busy" not in refusal.message:
                self._refusal = refusal
            return
        self._refusal = None

    def _write(self) -> None:
        self.database.run(_WRITE)
        self.database.run(_TAKE_BACK)
