"""The repositories' demands on an engine, tested with every engine in `engines.py`."""

from __future__ import annotations

import pytest

from chat.store import Store
from chat.store.engines.contract import Engine


@pytest.fixture
def engine(store: Store) -> Engine:
    """Return an engine with the product's tables, and a table of notes."""
    engine = store.engine
    engine.write(lambda: engine.execute("CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT)"))
    return engine
