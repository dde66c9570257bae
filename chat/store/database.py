"""The connection to the database: its threads, timeouts and errors.

Every call runs in a native thread, because sqlite3 blocks inside C and would block the loop of a gevent worker. One
thread writes, so a worker never competes with itself for the lock; a few threads read. Writes that wait at the same
time share one transaction (see `commit.py`), and no code in it can yield. A database that is full, missing, or locked
for longer than `_LOCK_TIMEOUT_S` raises StoreUnavailable.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import peewee

from chat.errors import DatabaseTooNew, StoreTimeout, StoreUnavailable
from chat.runtime import mode
from chat.runtime.native import Call, CallTimeout, NativePool
from chat.store.commit import Committer, Write, translate_error
from chat.store.file_watch import FileWatch

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")

_LOCK_TIMEOUT_S = 2.0
# Added to the caller's timeout: for an earlier write that still waits for the lock, and for the result's way back.
_REPLY_GRACE_S = 0.2
# Added for a read that has started: a large export from a slow disk takes long.
_READ_TIMEOUT_S = 20.0
_POLL_S = 0.05
_READERS = 3
# Bounds the time for which one transaction holds the database's only write lock.
_GROUP_SIZE = 64
# Under load, the writes of this interval share a transaction, and other processes find the lock free in between.
_COMMIT_INTERVAL_S = 0.03
_FILES_LOST = "The database's files were removed or replaced; the server's operator can put them back."
_PRAGMAS = {
    "journal_mode": "wal",
    # In WAL mode a killed process loses nothing; a power cut can lose the last transactions.
    "synchronous": "normal",
    "foreign_keys": 1,
    # 16 MB. With the default of 4 MB a busy server copies the same pages into the file at every checkpoint.
    "wal_autocheckpoint": 4000,
}


class _Sqlite(peewee.SqliteDatabase):
    """Peewee's SQLite database. It adds each connection to `opened`; peewee knows only the calling thread's."""

    def __init__(self, path: Path, opened: list[sqlite3.Connection], files: FileWatch) -> None:
        # The thread that opened a connection uses it; only `close` runs in another thread.
        super().__init__(str(path), pragmas=_PRAGMAS, timeout=_LOCK_TIMEOUT_S, check_same_thread=False)
        self._opened = opened
        self._files = files

    def rollback(self) -> None:
        # SQLite rolls back by itself on a full disk; a second rollback would hide the error.
        if self.connection().in_transaction:  # type: ignore[no-untyped-call]
            super().rollback()

    def _connect(self) -> sqlite3.Connection:
        if not self._files.unchanged():  # otherwise SQLite would create another database
            raise peewee.OperationalError("unable to open database file")
        connection: sqlite3.Connection = super()._connect()  # type: ignore[misc]
        self._files.remember()
        self._opened.append(connection)
        return connection


class Database:
    """One SQLite file. Each native thread opens one connection at its first call and keeps it open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: list[sqlite3.Connection] = []
        self.files = FileWatch(path)
        self.peewee: peewee.SqliteDatabase = _Sqlite(path, self._opened, self.files)
        # Peewee guards its connections with a lock that gevent has patched; native threads deadlock on a patched
        # lock.
        setattr(self.peewee, "_lock", mode.native_lock())  # noqa: B010 - not in peewee's stubs
        self._readers = NativePool(_READERS)
        self._writer = NativePool(1, Committer(self.execute, self._rollback).commit, _GROUP_SIZE, _COMMIT_INTERVAL_S)

    def read(self, work: Callable[[], T]) -> T:
        """Run `work` in a reading thread. Each statement sees its own snapshot."""
        outcome: T = self._within_timeout(self._readers, Call(lambda: self._translate_errors(work)), _READ_TIMEOUT_S)
        return outcome

    def snapshot(self, work: Callable[[], T]) -> T:
        """Run `work` in a reading thread. All its statements see one snapshot."""

        def in_transaction() -> T:
            self.execute("BEGIN")
            try:
                return work()
            finally:
                # SQLite may have rolled back by itself; a second rollback would hide the error.
                if self.peewee.connection().in_transaction:
                    self.execute("ROLLBACK")

        return self.read(in_transaction)

    def write(self, work: Callable[[], T]) -> T:
        """Run `work` in a transaction. It is committed when this returns and rolled back when this raises.

        `work` may run a second time after a rollback. Raises StoreTimeout if the write may still be committed.
        """
        outcome: T = self._within_timeout(self._writer, Write(time.monotonic() + _LOCK_TIMEOUT_S, work))
        return outcome

    def write_unbounded(self, work: Callable[[], T]) -> T:
        """Run `work` in a transaction like `write`, without a timeout once it holds the lock."""
        outcome: T = self._writer.outcome(Write(time.monotonic() + _LOCK_TIMEOUT_S, work))
        return outcome

    def write_batched(self, work: Callable[[Sequence[A]], Sequence[T | Exception]], item: A) -> T:
        """Call `work` with all items queued for it, in one transaction. Return this item's result.

        `work` returns one value or exception per item. An item that failed must not have written anything. If `work`
        itself raises, it is called again for each item alone. Raises StoreTimeout like `write`.
        """
        outcome: T = self._within_timeout(
            self._writer, Write(time.monotonic() + _LOCK_TIMEOUT_S, batch_work=work, item=item)
        )
        return outcome

    def execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Execute a statement given as text. Call it inside `read` or `write`.

        Frequent statements are text because building a peewee query would cost more than executing it.
        """
        connection: sqlite3.Connection = self.peewee.connection()
        return connection.cursor().execute(statement, values)

    def close(self) -> None:
        """Wait for running calls, then close the connections. Closing the last one removes the write-ahead log."""
        self._writer.close()
        self._readers.close()
        while self._opened:
            self._opened.pop().close()

    def _within_timeout(self, pool: NativePool, call: Call, extra_s: float = 0.0) -> Any:
        """Run `call` in the pool. Return its result; raise its error, or StoreTimeout after the timeout."""
        if self.files.lost:
            raise StoreUnavailable(_FILES_LOST)
        try:
            return pool.outcome(call, _LOCK_TIMEOUT_S + _REPLY_GRACE_S, extra_s)
        except CallTimeout:
            raise StoreTimeout("The database is slow at the moment; try again.", lambda: _wait_for(call)) from None

    def _rollback(self) -> None:
        if self.peewee.is_closed():
            return
        if self.peewee.connection().in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self.execute("ROLLBACK")
        self._close_if_in_transaction()

    def _translate_errors(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (peewee.PeeweeException, sqlite3.Error) as error:
            raise translate_error(error) from error
        finally:
            self._close_if_in_transaction()

    def _close_if_in_transaction(self) -> None:
        """Close a connection whose transaction could be neither committed nor rolled back.

        Left open, it would hold the lock or an old snapshot forever.
        """
        if self.peewee.is_closed():
            return
        connection = self.peewee.connection()
        if connection.in_transaction:
            self.peewee.close()
            self._opened.remove(connection)


def _wait_for(call: Call) -> Any:
    while not call.done:
        time.sleep(_POLL_S)
    return call.result()


class _HasDatabase(Protocol):
    @property
    def database(self) -> Database: ...


S = TypeVar("S", bound=_HasDatabase)


def reads(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Decorate a repository method that only reads. Its body runs in a reading thread."""

    @functools.wraps(method)
    def wrapper(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.read(lambda: method(self, *args, **kwargs))

    return wrapper


def reads_snapshot(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Decorate a repository method that reads several statements. Its body sees one snapshot."""

    @functools.wraps(method)
    def wrapper(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.snapshot(lambda: method(self, *args, **kwargs))

    return wrapper


def writes(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Decorate a repository method that writes. Its body is one transaction and must not call another such method."""

    @functools.wraps(method)
    def wrapper(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.write(lambda: method(self, *args, **kwargs))

    return wrapper


def explain_unopenable(path: Path, error: BaseException) -> str:
    """Return one sentence for the operator about a database that could not be opened or migrated."""
    if isinstance(error, DatabaseTooNew):
        return f"DATABASE_URL names {path}, but {error}. Run that version, or name another database."
    cause: Any = error.__cause__ or error
    detail = str(cause) if isinstance(cause, (sqlite3.Error, peewee.PeeweeException, OSError)) else str(error)
    return (
        f"DATABASE_URL names {path}, which cannot be opened ({detail}); "
        "it takes a file in a folder that this user may write to."
    )
