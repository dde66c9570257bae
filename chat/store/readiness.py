"""Check that the database can be read and written. A periodic probe writes, as a disk may fill up or turn read-only."""

from __future__ import annotations

from chat.errors import StoreBusy, StoreTimeout, StoreUnavailable
from chat.store.engines.contract import Engine


class Readiness:
    """Readiness of the database, as seen by one worker."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._last_error: StoreUnavailable | None = None

    def check(self) -> None:
        """Raise StoreUnavailable unless the database can be read now and the last probe could write."""
        self.engine.read(lambda: self.engine.execute("SELECT 1 FROM users LIMIT 1").fetchone())
        if self._last_error is not None:
            raise StoreUnavailable(self._last_error.message)

    def probe_write(self) -> None:
        """Write to the database and store the error, if any. A lock or a slow disk is not an error."""
        try:
            self.engine.probe_write()
            self._last_error = None
        except (StoreBusy, StoreTimeout):
            return
        except StoreUnavailable as error:
            self._last_error = error
