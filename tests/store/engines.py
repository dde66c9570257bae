"""The engines under test. To test another engine, add it to `ENGINES`."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chat.store.engines.contract import Engine
from chat.store.engines.sqlite.engine import SqliteEngine


@dataclass(frozen=True)
class EngineUnderTest:
    """An engine and what the tests do to its database from outside."""

    # Make the engine of the database with this name in a folder. The same name is the same database.
    make: Callable[[Path, str], Engine]
    # Hold the lock that a write needs, as another program does.
    locked: Callable[[Engine], contextlib.AbstractContextManager[None]]
    # Leave the database no room to grow.
    full: Callable[[Engine], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def _sqlite_locked(engine: Engine) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(engine.location, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextlib.contextmanager
def _sqlite_full(engine: Engine) -> Iterator[None]:
    def limit(pages: str) -> None:
        engine.write(lambda: engine.execute(f"PRAGMA max_page_count={pages}").fetchone())

    (pages,) = engine.read(lambda: engine.execute("PRAGMA page_count").fetchone())
    limit(pages)
    yield
    limit(str(2**30))


ENGINES = {
    "sqlite": EngineUnderTest(
        make=lambda folder, name: SqliteEngine(folder / f"{name}.db"), locked=_sqlite_locked, full=_sqlite_full
    ),
}
