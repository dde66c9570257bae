"""What the repositories expect of an engine, tested with every engine in `engines.py`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chat.store import Store
from chat.store.engines.contract import Engine

from ..engines import ENGINES, EngineUnderTest


@pytest.fixture(params=ENGINES)
def under_test(request: pytest.FixtureRequest) -> EngineUnderTest:
    return ENGINES[request.param]


@pytest.fixture
def make(under_test: EngineUnderTest, tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Return a function that opens a database by its name and brings it up to date."""
    with contextlib.ExitStack() as stack:

        def make(name: str = "chat") -> Store:
            store = Store(under_test.make(tmp_path, name))
            stack.callback(store.close)
            store.migrate()
            return store

        yield make


@pytest.fixture
def engine(make: Callable[..., Store]) -> Engine:
    """Return an engine with the product's tables, and a table of notes."""
    engine: Engine = make().engine
    engine.write(lambda: engine.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)"))
    return engine
