"""SQLite as an engine: its threads, timeouts and errors.

Every call runs in a native thread, because sqlite3 blocks inside C and would block the loop of a gevent worker. One
thread writes, so a worker never competes with itself for the lock; a few threads read. Writes that wait at the same
time share one transaction (see `commit.py`), and no code in it can yield. A database that is full, missing, or locked
for longer than `lock_timeout_s` raises StoreUnavailable.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import peewee

from chat.errors import StoreUnavailable
from chat.runtime import file_work
from chat.runtime.folders import check_can_create
from chat.runtime.native import NativePool
from chat.store.engines.contract import FullText, Maintenance, Rows
from chat.store.engines.reads import Read
from chat.store.engines.sqlite.commit import Committer
from chat.store.engines.sqlite.connection import Connections
from chat.store.engines.sqlite.errors import DRIVER_ERRORS, translate_error
from chat.store.engines.sqlite.file_watch import FileWatch, identity
from chat.store.engines.sqlite.full_text import SqliteFullText
from chat.store.engines.sqlite.maintenance import SqliteMaintenance
from chat.store.engines.sqlite.statements import as_one_row, last_ids, portions, translated, with_rows
from chat.store.engines.timeouts import CallerTimeouts, ReadTimeouts
from chat.store.engines.writes import Write
from chat.store.key_file import KeyFile

T = TypeVar("T")
A = TypeVar("A")

_LOCK_TIMEOUT_S = 2.0
# Added for a read that has started: a large export from a slow disk takes long.
_READ_TIMEOUT_S = 20.0
_READERS = 3
# Limit on the time for which one transaction holds the database's only write lock.
_GROUP_SIZE = 64
# Under load, the writes of this interval share a transaction, and other processes find the lock free in between.
_COMMIT_INTERVAL_S = 0.03
_FILES_LOST = "The database's files were removed or replaced; the server's operator can put them back."


class SqliteEngine:
    """One SQLite file. Each native thread opens one connection at its first call and keeps it open."""

    migrations = "chat.store.engines.sqlite.migrations"

    def __init__(self, path: Path, lock_timeout_s: float = _LOCK_TIMEOUT_S) -> None:
        self.path = path
        self.lock_timeout_s = lock_timeout_s
        self.files = FileWatch(path)
        self._reads = ReadTimeouts(_READ_TIMEOUT_S)
        self._writes = CallerTimeouts()
        self._opened: list[sqlite3.Connection] = []
        self.peewee: peewee.SqliteDatabase = Connections(path, lock_timeout_s, self._opened, self.files)
        self.full_text: FullText = SqliteFullText(self.execute, self.execute_rows)
        self.maintenance: Maintenance = SqliteMaintenance(
            self.peewee.connection, self._long_snapshot, self.write_exclusive, self._key_file
        )
        self._readers = NativePool(_READERS)
        self._writer = NativePool(1, Committer(self._execute, self._rollback).commit, _GROUP_SIZE, _COMMIT_INTERVAL_S)

    @property
    def location(self) -> str:
        return str(self.path)

    def prepare(self) -> None:
        # The folder holds users' conversations: only this process's user may read it.
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.path.exists():
            self.path.touch(mode=0o600)  # SQLite creates its other files with the same mode

    def exists(self) -> bool:
        if not self.path.exists():
            check_can_create(self.path)
            return False
        if not os.access(self.path, os.W_OK):
            raise PermissionError(f"{self.path} may only be read")
        return True

    def read(self, work: Callable[[], T]) -> T:
        def read(under_way: Callable[[], None]) -> T:
            under_way()  # it waits for nobody's lock
            return self._translate_errors(work)

        self._check_files()
        outcome: T = self._reads.outcome(self._readers, self.lock_timeout_s, lambda _: Read(read))
        return outcome

    def snapshot(self, work: Callable[[], T]) -> T:
        return self.read(lambda: self._in_snapshot(work))

    def write(self, work: Callable[[], T]) -> T:
        outcome: T = self._write(lambda deadline: Write(deadline, work))
        return outcome

    def write_exclusive(self, work: Callable[[], T]) -> T:
        # The write lock is the database's only one, so there is no other such transaction.
        outcome: T = self._writer.outcome(Write(time.monotonic() + self.lock_timeout_s, work))
        return outcome

    def write_batched(self, work: Callable[[Sequence[A]], Sequence[T | Exception]], item: A) -> T:
        outcome: T = self._write(lambda deadline: Write(deadline, batch_work=work, item=item))
        return outcome

    def execute(self, statement: str, values: Sequence[object] = ()) -> Rows:
        return self._execute(translated(statement), values)

    def defer(self, statement: str, values: Sequence[object] = ()) -> None:
        self.execute(statement, values)

    def lock(self, rows: str, values: Sequence[object]) -> None:
        """Do nothing: a transaction that writes holds the only write lock."""

    def execute_rows(self, statement: str, rows: Sequence[Sequence[object]]) -> int:
        return sum(cursor.rowcount for cursor in self._for_rows(statement, rows))

    def defer_rows(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        self.execute_rows(statement, rows)

    def select(self, columns: str, source: str, values: Sequence[object] = ()) -> list[list[Any]]:
        return _rows_of(self._execute(as_one_row(columns, source), values))

    def select_for_rows(self, columns: str, source: str, rows: Sequence[Sequence[object]]) -> list[list[Any]]:
        cursors = self._for_rows(as_one_row(columns, source), rows)
        return [row for cursor in cursors for row in _rows_of(cursor)]

    def array(self, values: Iterable[int | str]) -> object:
        return msgspec.json.encode(list(values)).decode()

    def allocate_ids(self, counts: Mapping[str, int]) -> dict[str, Iterator[int]]:
        # Safe because this transaction holds the write lock, and rows with explicit ids move SQLite's own counter.
        last = self._execute(last_ids(len(counts)), tuple(counts)).fetchone()
        return {
            table: iter(range((used or 0) + 1, (used or 0) + 1 + count))
            for (table, count), used in zip(counts.items(), last, strict=True)
        }

    def columns(self, table: str) -> set[str]:
        return {row[1] for row in self._execute(f'PRAGMA table_info("{table}")').fetchall()}

    def probe_write(self) -> None:
        self.write(self._write_filler)

    def clock_ms(self) -> None:
        return None

    def check(self) -> str:
        file_work.run(self.files.check)
        if not self.files.lost:
            return ""
        return (
            f"The files of the database {self.path} were removed or replaced while the server runs. Nothing is written"
            " any more: put them back, or restart the server to continue with the present files."
        )

    def open_identity(self) -> str:
        return self.files.identity

    def current_identity(self) -> str:
        return identity(self.path)

    def key(self, name: str) -> bytes:
        return self._key_file(name).read()

    def explain_unopenable(self, error: BaseException) -> str:
        cause: Any = error.__cause__ or error
        detail = str(cause) if isinstance(cause, (*DRIVER_ERRORS, OSError)) else str(error)
        return (
            f"DATABASE_URL names {self.path}, which cannot be opened ({detail}); "
            "it takes a file in a folder that this user may write to."
        )

    def close(self) -> None:
        """Wait for running calls, then close the connections. Closing the last one removes the write-ahead log."""
        self._writer.close()
        self._readers.close()
        while self._opened:
            self._opened.pop().close()

    def _execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        connection: sqlite3.Connection = self.peewee.connection()
        return connection.cursor().execute(statement, values)

    def _for_rows(self, statement: str, rows: Sequence[Sequence[object]]) -> Iterator[sqlite3.Cursor]:
        for part in portions(rows):
            values = list(itertools.chain.from_iterable(part))
            yield self._execute(with_rows(statement, len(part), len(part[0])), values)

    def _write(self, write: Callable[[float], Write]) -> Any:
        self._check_files()
        return self._writes.outcome(self._writer, self.lock_timeout_s, write)

    def _check_files(self) -> None:
        if self.files.lost:
            raise StoreUnavailable(_FILES_LOST)

    def _key_file(self, name: str) -> KeyFile:
        return KeyFile(self.path.with_name(f"{self.path.name}.{name}"))

    def _long_snapshot(self, work: Callable[[], T]) -> T:
        return self._readers.run(lambda: self._translate_errors(lambda: self._in_snapshot(work)))

    def _in_snapshot(self, work: Callable[[], T]) -> T:
        self.execute("BEGIN")
        try:
            return work()
        finally:
            # SQLite may have rolled back by itself; a second rollback would hide the error.
            if self.peewee.connection().in_transaction:
                self.execute("ROLLBACK")

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
        except DRIVER_ERRORS as error:
            raise translate_error(error) from error
        finally:
            self._close_if_in_transaction()

    def _write_filler(self) -> None:
        # Larger than a page, so that a database that cannot grow fails. The row is deleted in the same transaction.
        self.execute("INSERT INTO readiness (filler) VALUES (zeroblob(8192))")
        self.execute("DELETE FROM readiness")

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


def _rows_of(cursor: sqlite3.Cursor) -> list[list[Any]]:
    # One row for all: each row fetched would release and take the interpreter's lock.
    (rows,) = cursor.fetchone()
    selected: list[list[Any]] = msgspec.json.decode(rows)
    return selected
