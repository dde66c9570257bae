"""The connection to the database: where its calls run, how they wait, which errors they raise.

Every call runs in a native thread: sqlite3 waits inside C, and a gevent worker's loop must not wait with
it. One thread writes, so that a worker never competes with itself; a few read. Writes that wait at the same
time share one `BEGIN IMMEDIATE` transaction, each in a savepoint of its own, with nothing in it that could
yield. What is locked for longer than `_PATIENCE_S`, full or gone raises StoreUnavailable.
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

from chat.errors import StoreUnavailable
from chat.store.write_queue import Write, WriteQueue
from chat.workers import mode

P = ParamSpec("P")
T = TypeVar("T")

_PATIENCE_S = 2.0
_READERS = 3
_PRAGMAS = {
    "journal_mode": "wal",
    # With WAL a killed process loses nothing; only a power cut can lose the last transactions.
    "synchronous": "normal",
    "foreign_keys": 1,
    "cache_size": -8000,
}


class _Sqlite(peewee.SqliteDatabase):
    """Peewee's, which would know only the connection of the thread that asks: adds each one to `opened`."""

    def __init__(self, path: Path, opened: list[sqlite3.Connection]) -> None:
        # A connection is used by the thread that opened it; only closing is done from another one.
        super().__init__(str(path), pragmas=_PRAGMAS, timeout=_PATIENCE_S, check_same_thread=False)
        self._opened = opened

    def rollback(self) -> None:
        # On a full disk SQLite has rolled back by itself; to try it again would hide what was wrong.
        if self.connection().in_transaction:  # type: ignore[no-untyped-call]
            super().rollback()

    def _connect(self) -> sqlite3.Connection:
        made: sqlite3.Connection = super()._connect()  # type: ignore[misc]
        self._opened.append(made)
        return made


class Database:
    """One SQLite file. Opened at the first call, in each native thread once, and kept open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: list[sqlite3.Connection] = []
        self.peewee: peewee.SqliteDatabase = _Sqlite(path, self._opened)
        # Peewee guards its connections with a lock that gevent has patched: two native threads that meet
        # at a patched lock wait for ever.
        setattr(self.peewee, "_lock", mode.native_lock())  # noqa: B010 - not in peewee's stubs
        self._readers = mode.NativePool(_READERS)
        self._writer = mode.NativePool(1)
        self._queue = WriteQueue(lambda group: self._writer.run(lambda: self._commit(group)))

    def read(self, work: Callable[[], T]) -> T:
        """Run `work` in a reading thread. It sees one statement's snapshot at a time."""
        return self._readers.run(lambda: self._translated(work))

    def write(self, work: Callable[[], T]) -> T:
        """Run `work` in a transaction: all of it is committed when this returns, none of it when it raises.

        `work` may be run a second time, after all that it did was undone.
        """
        return self._queue.write(work, time.monotonic() + _PATIENCE_S)

    def run(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """A statement as text, for what is asked so often that building a query would cost more than running it.

        Call it inside `read` or `write`.
        """
        connection: sqlite3.Connection = self.peewee.connection()
        return connection.cursor().execute(statement, values)

    def close(self) -> None:
        """Wait for the calls under way, then close the connections: the last one tidies up beside the file."""
        self._queue.close()
        self._writer.close()
        self._readers.close()
        while self._opened:
            self._opened.pop().close()

    def _commit(self, group: list[Write]) -> None:
        """Commit a group. When something breaks the transaction under it, each of them for itself."""
        if self._begin(group) and not (self._alone(group[0]) if len(group) == 1 else self._together(group)):
            for write in group:
                self._commit([write])

    def _begin(self, group: list[Write]) -> bool:
        """Get the lock. Those who have waited for too long, the queue included, are told so."""
        try:
            # Another process that writes a lot lets go for moments only: look often. SQLite's own waiting
            # looks ever more rarely.
            self.run("PRAGMA busy_timeout=2")
            self._begin_before(min(write.deadline for write in group))
            self.run("PRAGMA busy_timeout=1000")
        except (peewee.PeeweeException, sqlite3.Error) as error:
            busy = "locked" in str(error)
            for write in group:
                if not busy or write.deadline <= time.monotonic():
                    write.end(error=_translation(error))
            self._undo()
            return False
        return True

    def _begin_before(self, deadline: float) -> None:
        while True:
            try:
                self.run("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= deadline:
                    raise

    def _alone(self, write: Write) -> bool:
        try:
            value = write.work()
            self.run("COMMIT")
        except BaseException as error:  # noqa: BLE001 - handed to whoever asked
            self._undo()
            write.end(error=_translation(error))
        else:
            write.end(value)
        return True

    def _together(self, group: list[Write]) -> bool:
        """False: nothing of it was committed, and nobody was told anything."""
        try:
            outcomes = [self._in_savepoint(write.work) for write in group]
        except sqlite3.Error:  # a full disk, for one, has SQLite roll everything back
            self._undo()
            return False
        try:
            self.run("COMMIT")
        except sqlite3.Error as error:
            # It may have taken effect all the same: to run them again could do things twice.
            self._undo()
            outcomes = [(None, error)] * len(group)
        for write, (value, failure) in zip(group, outcomes, strict=True):
            write.end(value, None if failure is None else _translation(failure))
        return True

    def _in_savepoint(self, work: Callable[[], object]) -> tuple[object, BaseException | None]:
        """Run one write of a group; one that raises leaves no trace in what the others do."""
        outcome: tuple[object, BaseException | None]
        self.run("SAVEPOINT one")
        try:
            outcome = work(), None
        except BaseException as error:  # noqa: BLE001 - handed to whoever asked
            self.run("ROLLBACK TO one")
            outcome = None, error
        self.run("RELEASE one")
        return outcome

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
            raise _translation(error) from error
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


def writes(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """A repository's method that writes: its body is one transaction. It may not call another such method."""

    @functools.wraps(method)
    def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.write(lambda: method(self, *args, **kwargs))

    return run


def _translation(error: BaseException) -> BaseException:
    """What is told of an error: of SQLite's own, that the database is unavailable; of any other, itself."""
    if isinstance(error, (peewee.IntegrityError, sqlite3.IntegrityError)) or not isinstance(
        error, (peewee.DatabaseError, peewee.InterfaceError, sqlite3.Error)
    ):
        return error
    told = StoreUnavailable(_sentence(error))
    told.__cause__ = error
    return told


def _sentence(error: Exception) -> str:
    text = str(error)
    if "locked" in text or "busy" in text:
        return "The database is busy; try again in a moment."
    if "full" in text:
        return "The database's disk is full; nothing was changed."
    return "The database cannot be used at the moment."


def explain_unopenable(path: Path, error: BaseException) -> str:
    """One sentence for the operator about a database that could not be opened or migrated."""
    cause: Any = error.__cause__ or error
    detail = str(cause) if isinstance(cause, (sqlite3.Error, peewee.PeeweeException, OSError)) else str(error)
    return (
        f"DATABASE_URL names {path}, which cannot be opened ({detail}); "
        "it takes a file in a folder that this user may write to."
    )
