"""PostgreSQL as an engine: its threads and connections, timeouts and errors.

Every call runs in a native thread with a connection of its own, so the threads are the pool of connections, and a
caller waits for one cooperatively and for a limited time. Some threads read and some write; one commits batches: the
writes of one kind that wait at the same time share a transaction, which saves round trips and commits.

Transactions of several connections run side by side. Rows are locked in order of their ids, users before conversations
before turns, so that no two transactions wait for each other.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from chat.errors import StoreFailed, StoreUnavailable
from chat.runtime.native import NativePool
from chat.store.engines.contract import FullText, Maintenance, Rows
from chat.store.engines.postgresql.address import parse
from chat.store.engines.postgresql.connection import CONNECT_TIMEOUT_S, Connection, Connections, Deferred
from chat.store.engines.postgresql.errors import DRIVER_ERRORS, explanation, translate_error
from chat.store.engines.postgresql.full_text import PostgresqlFullText
from chat.store.engines.postgresql.maintenance import Keys, PostgresqlMaintenance
from chat.store.engines.postgresql.statements import array, new_ids, parameters, portions, translated, with_rows
from chat.store.engines.postgresql.transactions import BatchCommitter, Transactions
from chat.store.engines.reads import Read
from chat.store.engines.timeouts import CallerTimeouts, ReadTimeouts
from chat.store.engines.writes import Write, end_if_abandoned

T = TypeVar("T")
A = TypeVar("A")

_LOCK_TIMEOUT_S = 2.0
# Added for a read that has been answered: it may consist of many statements.
_READ_TIMEOUT_S = 20.0
# Connections of one process: to read, to write, and one more for batches.
READERS = 3
WRITERS = 2
_GROUP_SIZE = 64
# Under load, the writes of this interval share a transaction: planning its statements costs more than a few more rows.
_COMMIT_INTERVAL_S = 0.04

# All tables are in the first schema of the search path that exists.
_TABLE = "to_regclass(quote_ident(current_schema()) || '.' || quote_ident(?))"
_COLUMNS = f"""
    SELECT attname FROM pg_attribute WHERE attrelid = {_TABLE} AND attnum > 0 AND NOT attisdropped
"""  # noqa: S608 - our own expression
_CLOCK_MS = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint"
_IDENTITY = """
    SELECT system_identifier,
        pg_database.oid || CASE current_schema() WHEN 'public' THEN '' ELSE ':' || current_schema() END
    FROM pg_control_system(), pg_database WHERE datname = current_database()
"""
_PLACE = f"""
    SELECT current_setting('server_encoding'), pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
        current_schema(),
        has_schema_privilege(current_schema(), 'CREATE'), {_TABLE} IS NOT NULL
"""


class PostgresqlEngine:
    """One PostgreSQL database. Each native thread opens one connection at its first call and keeps it open."""

    migrations = "chat.store.engines.postgresql.migrations"

    def __init__(self, url: str, secret_key: str, lock_timeout_s: float = _LOCK_TIMEOUT_S) -> None:
        self.address = parse(url)
        self.lock_timeout_s = lock_timeout_s
        self._opened: list[Connection] = []
        self.peewee = Connections(self.address, self._opened, self._connect_timeout_s)
        self._transactions = Transactions(self.peewee)
        self.full_text: FullText = PostgresqlFullText(self.execute, self.execute_rows)
        self._keys = Keys(secret_key, self.execute)
        self.maintenance: Maintenance = PostgresqlMaintenance(
            self.execute, self.execute_rows, self._long_snapshot, self.write_exclusive, self._keys
        )
        self._reads = ReadTimeouts(_READ_TIMEOUT_S)
        self._writes = CallerTimeouts()
        self._identity = ""
        self._readers = NativePool(READERS)
        self._writers = NativePool(WRITERS, _run_first)
        self._batches = NativePool(1, BatchCommitter(self._transactions).commit, _GROUP_SIZE, _COMMIT_INTERVAL_S)

    def _connect_timeout_s(self) -> float:
        return max(CONNECT_TIMEOUT_S, self.lock_timeout_s)

    @property
    def location(self) -> str:
        return self.address.redacted

    def prepare(self) -> None:
        self.exists()

    def exists(self) -> bool:
        encoding, standby, read_only, schema, may_create, exists = self.read(
            lambda: self.execute(_PLACE, ("migrations",)).fetchone()
        )
        if encoding != "UTF8":
            raise StoreFailed(f"its encoding is {encoding}; Parley needs a database with the encoding UTF8.")
        if standby:
            raise StoreFailed("the server is a standby, which can only be read; name the primary.")
        if read_only:
            raise StoreFailed("it can only be read: its setting default_transaction_read_only is on.")
        if schema is None:
            raise StoreFailed("the search_path of its user names no schema that exists.")
        if not exists and not may_create:
            raise StoreFailed(
                f"its user may not create tables there; make the user its owner, or GRANT CREATE ON SCHEMA {schema}."
            )
        return bool(exists)

    def read(self, work: Callable[[], T]) -> T:
        return self._read(lambda answered: self._transactions.read(work, self.lock_timeout_s, answered))

    def snapshot(self, work: Callable[[], T]) -> T:
        return self._read(lambda answered: self._transactions.snapshot(work, self.lock_timeout_s, answered))

    def write(self, work: Callable[[], T]) -> T:
        def write(deadline: float) -> Write:
            return Write(deadline, lambda: _translating(lambda: self._transactions.write(work, deadline)))

        outcome: T = self._writes.outcome(self._writers, self.lock_timeout_s, write)
        return outcome

    def write_exclusive(self, work: Callable[[], T]) -> T:
        deadline = time.monotonic() + self.lock_timeout_s

        def exclusive() -> T:
            return _translating(lambda: self._transactions.write_exclusive(work, deadline))

        return self._writers.run(exclusive)

    def _long_snapshot(self, work: Callable[[], T]) -> T:
        return self._readers.run(lambda: _translating(lambda: self._transactions.snapshot(work, float("inf"))))

    def write_batched(self, work: Callable[[Sequence[A]], Sequence[T | Exception]], item: A) -> T:
        def write(deadline: float) -> Write:
            return Write(deadline, batch_work=work, item=item)

        outcome: T = self._writes.outcome(self._batches, self.lock_timeout_s, write)
        return outcome

    def execute(self, statement: str, values: Sequence[object] = ()) -> Rows:
        connection = self.peewee.current()
        return connection.run(translated(statement), parameters(values))

    def defer(self, statement: str, values: Sequence[object] = ()) -> None:
        self._defer(statement, values)

    def lock(self, rows: str, values: Sequence[object]) -> None:
        self._defer(f"SELECT id {rows} ORDER BY id FOR UPDATE", values)

    def execute_rows(self, statement: str, rows: Sequence[Sequence[object]]) -> int:
        return sum(cursor.rowcount for cursor in self._for_rows(statement, rows))

    def defer_rows(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        connection = self.peewee.current()
        for part in portions(rows):
            connection.defer(*_with_rows(statement, part))

    def select(self, columns: str, source: str, values: Sequence[object] = ()) -> list[list[Any]]:
        rows = self.execute(f"SELECT {columns} {source}", values)
        return [list(row) for row in rows.fetchall()]

    def select_for_rows(self, columns: str, source: str, rows: Sequence[Sequence[object]]) -> list[list[Any]]:
        cursors = self._for_rows(f"SELECT {columns} {source}", rows)
        return [list(row) for cursor in cursors for row in cursor.fetchall()]

    def array(self, values: Iterable[int | str]) -> object:
        return array(values)

    def allocate_ids(self, counts: Mapping[str, int]) -> dict[str, Iterator[int]]:
        allocated = self._defer(new_ids(tuple(counts)), tuple(counts.values()))
        return {table: _ids(allocated, table) for table in counts}

    def columns(self, table: str) -> set[str]:
        return {row[0] for row in self.execute(_COLUMNS, (table,)).fetchall()}

    def probe_write(self) -> None:
        self.write(self._write_filler)

    def clock_ms(self) -> int:
        return int(self.read(lambda: self.execute(_CLOCK_MS).fetchone())[0])

    def check(self) -> str:
        return ""

    def open_identity(self) -> str:
        # The identity of the cluster and of the database in it, the same through every address.
        self._identity = self._identity or "{}:{}".format(*self.read(lambda: self.execute(_IDENTITY).fetchone()))
        return self._identity

    def current_identity(self) -> str:
        try:
            return self.open_identity()
        except StoreUnavailable:
            return ""

    def key(self, name: str) -> bytes:
        return self._keys.get(name)

    def explain_unopenable(self, error: BaseException) -> str:
        return explanation(error, self.address)

    def close(self) -> None:
        self._writers.close()
        self._batches.close()
        self._readers.close()
        while self._opened:
            self._opened.pop().close()

    def _for_rows(self, statement: str, rows: Sequence[Sequence[object]]) -> Iterator[Any]:
        for part in portions(rows):
            yield self.peewee.current().run(*_with_rows(statement, part))

    def _defer(self, statement: str, values: Sequence[object]) -> Deferred:
        return self.peewee.current().defer(translated(statement), parameters(values))

    def _read(self, read: Callable[[Callable[[], None]], T]) -> T:
        """Read, within the time limit until the server has answered: a connection may have to be opened first."""

        def translating(answered: Callable[[], None]) -> T:
            return _translating(lambda: read(answered))

        outcome: T = self._reads.outcome(self._readers, self.lock_timeout_s, lambda _: Read(translating))
        return outcome

    def _write_filler(self) -> None:
        ((row_id,),) = self.execute("INSERT INTO readiness (filler) VALUES (repeat('0', 8192)) RETURNING id").fetchall()
        self.execute("DELETE FROM readiness WHERE id = ?", (row_id,))


def _with_rows(statement: str, rows: Sequence[Sequence[object]]) -> tuple[str, list[object]]:
    return with_rows(statement, len(rows), len(rows[0])), parameters(itertools.chain.from_iterable(rows))


def _ids(allocated: Deferred, table: str) -> Iterator[int]:
    """Yield the ids for a table in ascending order."""
    yield from sorted(row_id for name, row_id in allocated.rows() if name == table)


def _run_first(calls: Sequence[Any]) -> None:
    """Run a call, unless it is a write whose caller has timed out."""
    (call,) = calls
    if not (isinstance(call, Write) and end_if_abandoned(call)):
        call.run()


def _translating(work: Callable[[], T]) -> T:
    try:
        return work()
    except DRIVER_ERRORS as error:
        raise translate_error(error) from error
