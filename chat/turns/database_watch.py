"""Periodic check that the database is in place and writable. Logs when it is lost and when it returns."""

from __future__ import annotations

import logging

from chat.store import Store

log = logging.getLogger(__name__)

_WRITE_EVERY = 5  # checks


class DatabaseWatch:
    """One per worker. A database whose files were removed or replaced is not used until they are back."""

    def __init__(self, store: Store) -> None:
        self._engine = store.engine
        self._readiness = store.readiness
        self._checks = 0
        self._problem = ""

    def check(self) -> None:
        """Check the files, and every fifth time write. Call this once a second."""
        self._checks += 1
        before, self._problem = self._problem, self._engine.check()
        if self._problem and not before:
            log.critical("%s", self._problem)
        elif before and not self._problem:
            log.warning("The database %s can be used again.", self._engine.location)
        if not self._problem and self._checks % _WRITE_EVERY == 1:
            self._readiness.probe_write()
