"""Check that the database can be read and written. A periodic probe writes, as a disk may fill up or turn read-only."""

from __future__ import annotations

from chat.errors import StoreFailed, StoreTimeout, StoreUnavailable
from chat.store.database import Database

# Larger than a page, so that a database that cannot grow fails. The row is deleted in the same transaction.
_WRITE = "INSERT INTO readiness (filler) VALUES (zeroblob(8192))"
_DELETE = "DELETE FROM readiness"


class Readiness:
    """Readiness of the database, as seen by one worker."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._last_error: StoreUnavailable | None = None

    def check(self) -> None:
        """Raise StoreUnavailable unless the database can be read now and the last probe could write."""
        self.database.read(lambda: self.database.execute("SELECT 1 FROM users LIMIT 1").fetchone())
        if self._last_error is not None:
            raise StoreUnavailable(self._last_error.message)

    def probe_write(self) -> None:
        """Write to the database and store the error, if any. A lock or a slow disk is not an error."""
        try:
            self.database.write(self._write)
        except StoreTimeout:
            return
        except StoreUnavailable as error:
            if isinstance(error, StoreFailed) or "busy" not in error.message:
                self._last_error = error
            return
        self._last_error = None

    def _write(self) -> None:
        self.database.execute(_WRITE)
        self.database.execute(_DELETE)
