"""Fault injection for SQLite: fail the Nth call as a lock, a full disk or a broken disk would.

The faults are raised where SQLite raises its own, beneath peewee, so the code above cannot tell the difference.
"""

from __future__ import annotations

import functools
import sqlite3
from typing import Any

import pytest

from .counted_faults import Calls, CountedFaults

LOCKED = "database is locked"
FULL = "database or disk is full"
BROKEN = "disk I/O error"


class Faults(CountedFaults):
    """Fault injector for every connection that is opened later."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Patch `sqlite3.connect`."""
        super().__init__()
        monkeypatch.setattr(sqlite3, "connect", functools.partial(sqlite3.connect, factory=self._connection))

    def check(self, calls: Calls, statement: str, connection: sqlite3.Connection) -> None:
        """Raise if this call has to fail."""
        if not self.fails(calls, statement):
            return
        if self._says == FULL and connection.in_transaction and statement != "ROLLBACK":
            sqlite3.Cursor(connection).execute("ROLLBACK")  # as SQLite does by itself
        raise sqlite3.OperationalError(self._says)

    def _connection(self, *args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = _Connection(*args, **kwargs)
        connection.faults = self
        return connection


class _Connection(sqlite3.Connection):
    faults: Faults

    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(factory or _Cursor)


class _Cursor(sqlite3.Cursor):
    connection: _Connection
    _statement = ""
    _reading = False

    def execute(self, statement: str, parameters: Any = ()) -> _Cursor:
        self._statement, self._reading = statement, False
        self.connection.faults.check("statement", statement, self.connection)
        super().execute(statement, parameters)
        if statement == "COMMIT":
            self.connection.faults.check("commit", statement, self.connection)
        return self

    def fetchone(self) -> Any:
        self._begin_to_read()
        return super().fetchone()

    def fetchall(self) -> Any:
        self._begin_to_read()
        return super().fetchall()

    def _begin_to_read(self) -> None:
        if not self._reading:
            self._reading = True
            try:
                self.connection.faults.check("row", self._statement, self.connection)
            except sqlite3.Error:
                self.close()  # an open statement would keep its snapshot
                raise
