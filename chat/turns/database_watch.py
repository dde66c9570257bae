"""Periodic check that the database's files are in place and writable. Logs when they are lost and when they return."""

from __future__ import annotations

import logging

from chat.runtime.ticker import Ticker
from chat.store import Store

log = logging.getLogger(__name__)

_CHECK_S = 1.0
_WRITE_EVERY = 5  # checks


class DatabaseWatch:
    """One per worker. A database whose files were removed or replaced is not used until they are back."""

    def __init__(self, store: Store) -> None:
        self._database = store.database
        self._readiness = store.readiness
        self._checks = 0
        self._ticker = Ticker("database watch", _CHECK_S, self.check)

    def start(self) -> None:
        self.check()
        self._ticker.start()

    def stop(self) -> None:
        self._ticker.stop()

    def check(self) -> None:
        self._checks += 1
        self._check_files()
        if not self._database.files.lost and self._checks % _WRITE_EVERY == 1:
            self._readiness.probe_write()

    def _check_files(self) -> None:
        if not self._database.files.check():
            return
        if self._database.files.lost:
            log.critical(
                "The files of the database %s were removed or replaced while the server runs. Nothing is written any"
                " more: put them back, or restart the server to go on with what is there now.",
                self._database.path,
            )
        else:
            log.warning("The files of the database %s are back.", self._database.path)
