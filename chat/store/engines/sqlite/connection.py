"""SQLite's connections through peewee: one per native thread, with the same pragmas each."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import peewee

from chat.runtime import mode
from chat.store.engines.sqlite.file_watch import FileWatch

_PRAGMAS = {
    "journal_mode": "wal",
    # In WAL mode a killed process loses nothing; a power cut can lose the last transactions.
    "synchronous": "normal",
    "foreign_keys": 1,
    # 16 MB. With the default of 4 MB a busy server copies the same pages into the file at every checkpoint.
    "wal_autocheckpoint": 4000,
}


class Connections(peewee.SqliteDatabase):
    """Peewee's SQLite database. It adds each connection to `opened`; peewee knows only the calling thread's."""

    def __init__(self, path: Path, lock_timeout_s: float, opened: list[sqlite3.Connection], files: FileWatch) -> None:
        # The thread that opened a connection uses it; only `close` runs in another thread.
        super().__init__(str(path), pragmas=_PRAGMAS, timeout=lock_timeout_s, check_same_thread=False)
        # Peewee guards its connections with a lock that gevent has patched; native threads deadlock on a patched lock.
        self._lock = mode.native_lock()
        self._opened = opened
        self._files = files

    def _connect(self) -> sqlite3.Connection:
        if not self._files.unchanged():  # otherwise SQLite would create another database
            raise peewee.OperationalError("unable to open database file")
        connection: sqlite3.Connection = super()._connect()  # type: ignore[misc]
        self._files.remember()
        self._opened.append(connection)
        return connection
