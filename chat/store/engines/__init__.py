"""Engines of the store: one package for each kind of database, all with the interface of `contract.py`."""

from __future__ import annotations

from pathlib import Path

from chat.store.engines.contract import Engine
from chat.store.engines.sqlite.engine import SqliteEngine


def engine_for(url: str, folder: Path, secret_key: str = "") -> Engine:
    """Return the engine for a `DATABASE_URL`. Nothing is opened. Raises ValueError with a sentence for the operator.

    A relative path of SQLite's is in `folder`. PostgreSQL's keys are made from `secret_key`.
    """
    if url.startswith(("postgresql://", "postgres://")):
        from chat.store.engines.postgresql.engine import PostgresqlEngine  # the driver takes 10 MB

        if not secret_key:
            raise ValueError("With PostgreSQL, SECRET_KEY must be set.")
        return PostgresqlEngine(url, secret_key)
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or not path:
        raise ValueError("DATABASE_URL takes sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME.")
    return SqliteEngine(folder / path)
