"""The engines under test. To run the tests of the store on another engine, add it to `ENGINES`."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from chat.store.engines.contract import Engine
from chat.store.engines.sqlite.engine import SqliteEngine
from config.settings import Settings


@dataclass(frozen=True)
class EngineUnderTest:
    """An engine, and what the tests do to its database."""

    kind: type[Engine]
    # Return the engine of the database with this name in a folder. The same name is the same database.
    make: Callable[[Path, str], Engine]
    # Hold the lock that a write needs, as another program does.
    locked: Callable[[Engine], AbstractContextManager[None]]
    # Leave the database no room to grow.
    full: Callable[[Engine], AbstractContextManager[None]]
    # Selects the names of all tables.
    tables: str


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


ENGINES = {
    "sqlite": EngineUnderTest(
        SqliteEngine,
        make=lambda folder, name: SqliteEngine(folder / f"{name}.db"),
        locked=_sqlite_locked,
        full=_sqlite_full,
        tables="SELECT name FROM sqlite_master WHERE type = 'table'",
    ),
}


def under_test(engine: Engine) -> EngineUnderTest:
    return next(each for each in ENGINES.values() if isinstance(engine, each.kind))


def write_lock(engine: Engine) -> AbstractContextManager[None]:
    """Hold the lock that a write needs, as another program does."""
    return under_test(engine).locked(engine)


def counts(engine: Engine) -> dict[str, int]:
    """Return the number of rows of each table."""

    def work() -> dict[str, int]:
        names = [name for (name,) in engine.execute(under_test(engine).tables).fetchall()]
        return {name: engine.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}

    return engine.read(work)


def sqlite_path(settings: Settings) -> Path:
    """Return the file that `DATABASE_URL` of these settings names by its absolute path."""
    return Path(settings.database_url.removeprefix("sqlite:///"))
