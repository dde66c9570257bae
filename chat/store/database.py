"""The connection to the database: where its calls run, how they wait, which errors they raise.

Every call runs in a native thread: sqlite3 waits inside C, and a gevent worker's loop must not wait with
it. One thread writes, so that a worker never competes with itself; a few read. Writes that wait at the same
time share one transaction (see `commit.py`), with nothing in it that could yield. What is locked for longer
than `_PATIENCE_S`, full or gone raises StoreUnavailable.
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
from chat.store.commit import Committer, Write, translation
from chat.store.file_watch import FileWatch

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")

_PATIENCE_S = 2.0
# What a caller waits beyond that: for the end of another's waiting, and to be told.
_GRACE_S = 0.2
# A read that is under way may take longer than that: a large export from a slow disk.
_READ_S = 20.0
_LATE_LOOK_S = 0.05
_READERS = 3
# One transaction holds the database's only lock for as long as all of its writes take.
_GROUP = 64
# While many write, those who do so within this time share a transaction, and other processes find the lock free in
# between. Five hundred turns that begin in a second take a quarter less CPU than with 10 ms, and no less with 50.
_COMMIT_EVERY_S = 0.03
_LOST = "The database's files were removed or replaced; the server's operator can put them back."
_PRAGMAS = {
    "journal_mode": "wal",
    # With WAL a killed process loses nothing; only a power cut can lose the last transactions.
    "synchronous": "normal",
    "foreign_keys": 1,
    "cache_size": -8000,
    # Sixteen megabytes: with the usual four, a busy server copies the same pages into the file at every checkpoint.
    "wal_autocheckpoint": 4000,
}


class _Sqlite(peewee.SqliteDatabase):
    """Peewee's, which would know only the connection of the thread that asks: adds each one to `opened`."""

    def __init__(self, path: Path, opened: list[sqlite3.Connection], files: FileWatch) -> None:
        # A connection is used by the thread that opened it; only closing is done from another one.
        super().__init__(str(path), pragmas=_PRAGMAS, timeout=_PATIENCE_S, check_same_thread=False)
        self._opened = opened
        self._files = files

    def rollback(self) -> None:
        # On a full disk SQLite has rolled back by itself; to try it again would hide what was wrong.
        if self.connection().in_transaction:  # type: ignore[no-untyped-call]
            super().rollback()

    def _connect(self) -> sqlite3.Connection:
        if not self._files.are_there():  # SQLite would begin another database
            raise peewee.OperationalError("unable to open database file")
        made: sqlite3.Connection = super()._connect()  # type: ignore[misc]
        self._files.note()
        self._opened.append(made)
        return made


class Database:
    """One SQLite file. Opened at the first call, in each native thread once, and kept open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: list[sqlite3.Connection] = []
        self.files = FileWatch(path)
        self.peewee: peewee.SqliteDatabase = _Sqlite(path, self._opened, self.files)
        # Peewee guards its connections with a lock that gevent has patched: two native threads that meet
        # at a patched lock wait for ever.
        setattr(self.peewee, "_lock", mode.native_lock())  # noqa: B010 - not in peewee's stubs
        self._readers = NativePool(_READERS)
        self._writer = NativePool(1, Committer(self.run, self._undo).commit, _GROUP, _COMMIT_EVERY_S)

    def read(self, work: Callable[[], T]) -> T:
        """Run `work` in a reading thread. It sees one statement's snapshot at a time."""
        outcome: T = self._in_time(self._readers, Call(lambda: self._translated(work)), _READ_S)
        return outcome

    def snapshot(self, work: Callable[[], T]) -> T:
        """Run `work` in a reading thread. All its statements see what the first one sees."""

        def at_once() -> T:
            self.run("BEGIN")
            try:
                return work()
            finally:
                # SQLite may have rolled back by itself; to do it again would hide why.
                if self.peewee.connection().in_transaction:
                    self.run("ROLLBACK")

        return self.read(at_once)

    def write(self, work: Callable[[], T]) -> T:
        """Run `work` in a transaction: all of it is committed when this returns, none of it when it raises.

        `work` may be run a second time, after all that it did was undone. Raises StoreTimeout where it may yet be done.
        """
        outcome: T = self._in_time(self._writer, Write(time.monotonic() + _PATIENCE_S, work))
        return outcome

    def write_at_length(self, work: Callable[[], T]) -> T:
        """The same for `work` that may take as long as it does, once it has the lock."""
        outcome: T = self._writer.outcome(Write(time.monotonic() + _PATIENCE_S, work))
        return outcome

    def write_batched(self, work: Callable[[Sequence[A]], Sequence[T | Exception]], item: A) -> T:
        """Have `work` called with all the items of it that wait, in a transaction.

        It gives for each item what this returns, or the error that this raises; of such an item it may have
        written nothing. What it raises itself is raised for each item for itself. Raises StoreTimeout as `write` does.
        """
        outcome: T = self._in_time(self._writer, Write(time.monotonic() + _PATIENCE_S, together=work, item=item))
        return outcome

    def run(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """A statement as text, for what is asked so often that building a query would cost more than running it.

        Call it inside `read` or `write`.
        """
        connection: sqlite3.Connection = self.peewee.connection()
        return connection.cursor().execute(statement, values)

    def close(self) -> None:
        """Wait for the calls under way, then close the connections: the last one tidies up beside the file."""
        self._writer.close()
        self._readers.close()
        while self._opened:
            self._opened.pop().close()

    def _in_time(self, pool: NativePool, call: Call, longer_s: float = 0.0) -> Any:
        """Have `call` made; return or raise what came of it, or raise StoreTimeout when that takes too long."""
        if self.files.lost:
            raise StoreUnavailable(_LOST)
        try:
            return pool.outcome(call, _PATIENCE_S + _GRACE_S, longer_s)
        except CallTimeout:
            raise StoreTimeout("The database is slow at the moment; try again.", lambda: _awaited(call)) from None

    def _undo(self) -> None:
        if self.peewee.is_closed():
            return
        if self.peewee.connection().in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self.run("ROLLBACK")
        self._leave_nothing_open()

    def _translated(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (peewee.PeeweeException, sqlite3.Error) as error:
            raise translation(error) from error
        finally:
            self._leave_nothing_open()

    def _leave_nothing_open(self) -> None:
        """A transaction that could neither be committed nor rolled back ends with its connection.

        Left open it would hold the lock, or an old snapshot, for ever.
        """
        if self.peewee.is_closed():
            return
        connection = self.peewee.connection()
        if connection.in_transaction:
            self.peewee.close()
            self._opened.remove(connection)


def _awaited(call: Call) -> Any:
    while not call.done:
        time.sleep(_LATE_LOOK_S)
    return call.result()


class _HasDatabase(Protocol):
    @property
    def database(self) -> Database: ...


S = TypeVar("S", bound=_HasDatabase)


def reads(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """A repository's method that only reads: its body runs in a reading thread."""

    @functools.wraps(method)
    def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.read(lambda: method(self, *args, **kwargs))

    return run


def reads_snapshot(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """A repository's method that reads what belongs together: its body sees the database as of one moment."""

    @functools.wraps(method)
    def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.snapshot(lambda: method(self, *args, **kwargs))

    return run


def writes(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """A repository's method that writes: its body is one transaction. It may not call another such method."""

    @functools.wraps(method)
    def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.write(lambda: method(self, *args, **kwargs))

    return run


def explain_unopenable(path: Path, error: BaseException) -> str:
    """One sentence for the operator about a database that could not be opened or migrated."""
    if isinstance(error, DatabaseTooNew):
        return f"DATABASE_URL names {path}, but {error}. Run that version, or name another database."
    cause: Any = error.__cause__ or error
    detail = str(cause) if isinstance(cause, (sqlite3.Error, peewee.PeeweeException, OSError)) else str(error)
    return (
        f"DATABASE_URL names {path}, which cannot be opened ({detail}); "
        "it takes a file in a folder that this user may write to."
    )
