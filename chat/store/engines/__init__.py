"""Engines of the store: one package for each kind of database, all with the interface of `contract.py`."""

from __future__ import annotations

from pathlib import Path

from chat.store.engines.contract import Engine
from chat.store.engines.sqlite.engine import SqliteEngine


def engine_for(url: str, folder: Path) -> Engine:
    """Return the engine for a `DATABASE_URL`. A relative path of SQLite's is in `folder`. Nothing is opened."""
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or not path:
        raise ValueError("DATABASE_URL takes sqlite:///PATH.")
    return SqliteEngine(folder / path)
