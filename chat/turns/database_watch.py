"""Looks after the database's files and tries to write to them; says when they are gone or back."""

from __future__ import annotations

import logging

from chat.runtime.ticker import Ticker
from chat.store import Store

log = logging.getLogger(__name__)

_LOOK_S = 1.0
_WRITE_EVERY = 5  # looks


class DatabaseWatch:
    """One for each worker. A database whose files were removed or replaced is not used until they are back."""

    def __init__(self, store: Store) -> None:
        self._database = store.database
        self._readiness = store.readiness
        self._looks = 0
        self._ticker = Ticker("database watch", _LOOK_S, self.look)

    def start(self) -> None:
        self.look()
        self._ticker.start()

    def stop(self) -> None:
        self._ticker.stop()

    def look(self) -> None:
        self._looks += 1
        self._look_at_files()
        if not self._database.files.lost and self._looks % _WRITE_EVERY == 1:
            self._readiness.probe_write()

    def _look_at_files(self) -> None:
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
