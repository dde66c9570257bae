"""The engines under test. To run the tests of the store on another engine, add it here and to `KINDS`."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from chat.store.engines.contract import Engine
from chat.store.engines.postgresql.engine import WRITERS, PostgresqlEngine
from chat.store.engines.postgresql.transactions import EXCLUSIVE
from chat.store.engines.sqlite.engine import SqliteEngine
from config.settings import Settings
from tests.servers.postgresql_databases import Databases


@dataclass(frozen=True)
class EngineUnderTest:
    """An engine, and what the tests do to its database."""

    kind: type[Engine]
    # Return the engine of the database with this name in a folder, new at first. The same name is the same database.
    make: Callable[[Path, str], Engine]
    # Return the same, but the database may have the tables already.
    open: Callable[[Path, str], Engine]
    # The number of writes that one engine executes at the same time.
    writers: int
    # Hold the lock that a write needs, as another program does.
    locked: Callable[[Engine], AbstractContextManager[None]]
    # Leave the database no room to grow.
    full: Callable[[Engine], AbstractContextManager[None]]
    # Selects the names of all tables.
    tables: str


def _sqlite(folder: Path, name: str) -> Engine:
    return SqliteEngine(folder / f"{name}.db")


@contextlib.contextmanager
def _sqlite_locked(engine: Engine) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(engine.location, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextlib.contextmanager
def _sqlite_full(engine: Engine) -> Iterator[None]:
    def limit(pages: int) -> None:
        engine.write(lambda: engine.execute(f"PRAGMA max_page_count={pages}").fetchone())

    (pages,) = engine.read(lambda: engine.execute("PRAGMA page_count").fetchone())
    limit(pages)
    yield
    limit(2**30)


@contextlib.contextmanager
def _postgresql_locked(engine: Engine) -> Iterator[None]:
    assert isinstance(engine, PostgresqlEngine)
    tables = ", ".join(name for name in counts(engine) if name != "migrations")
    with psycopg.connect(**engine.address.parameters) as other:
        other.execute(f"SELECT pg_advisory_xact_lock({EXCLUSIVE})")
        other.execute(f"LOCK TABLE {tables} IN EXCLUSIVE MODE")
        yield


@contextlib.contextmanager
def _postgresql_full(engine: Engine) -> Iterator[None]:
    """Answer inserts as the server does when a table cannot grow."""
    refuse = "RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'could not extend file'"
    tables = [name for name in counts(engine) if name != "migrations"]

    def work() -> None:
        engine.execute(f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {refuse}; END$$")
        for table in tables:
            engine.execute(f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} EXECUTE FUNCTION full_disk()")

    engine.write(work)
    yield
    engine.write(lambda: engine.execute("DROP FUNCTION full_disk CASCADE"))


def postgresql(databases: Databases) -> EngineUnderTest:
    """Return the engine of PostgreSQL for databases of a server."""

    def engine(folder: Path, name: str, *, new: bool) -> Engine:
        return PostgresqlEngine(databases.url(str(folder / name), new=new), f"the secret key of {name}")

    return EngineUnderTest(
        PostgresqlEngine,
        make=functools.partial(engine, new=True),
        open=functools.partial(engine, new=False),
        writers=WRITERS,
        locked=_postgresql_locked,
        full=_postgresql_full,
        tables=_POSTGRESQL_TABLES,
    )


KINDS = ("sqlite", "postgresql")
_POSTGRESQL_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"

SQLITE = EngineUnderTest(
    SqliteEngine,
    make=_sqlite,
    open=_sqlite,
    writers=1,
    locked=_sqlite_locked,
    full=_sqlite_full,
    tables="SELECT name FROM sqlite_master WHERE type = 'table'",
)


def write_lock(engine: Engine) -> AbstractContextManager[None]:
    """Hold the lock that a write needs, as another program does."""
    engine = getattr(engine, "timed", engine)
    return _sqlite_locked(engine) if isinstance(engine, SqliteEngine) else _postgresql_locked(engine)


def full_disk(engine: Engine) -> AbstractContextManager[None]:
    """Leave the database no room to grow."""
    return _sqlite_full(engine) if isinstance(engine, SqliteEngine) else _postgresql_full(engine)


def counts(engine: Engine) -> dict[str, int]:
    """Return the number of rows of each table."""

    def work() -> dict[str, int]:
        tables = SQLITE.tables if isinstance(engine, SqliteEngine) else _POSTGRESQL_TABLES
        names = [name for (name,) in engine.execute(tables).fetchall()]
        return {name: engine.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}

    return engine.read(work)


def sqlite_path(settings: Settings) -> Path:
    """Return the file that `DATABASE_URL` of these settings names by its absolute path."""
    return Path(settings.database_url.removeprefix("sqlite:///"))
