"""Statements of another program in a database of either kind; `url` names it."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from pathlib import Path
from typing import Any

import psycopg

from config.setting_values import is_postgresql

_SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
_POSTGRESQL_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"


def sql(url: str, statement: str, *values: object) -> list[Any]:
    """Execute a statement and return its rows. `?` is a value."""
    if is_postgresql(url):
        with psycopg.connect(url) as other:
            cursor = other.execute(statement.replace("?", "%s").encode(), values or None)
            return cursor.fetchall() if cursor.description else []
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
        return database.execute(statement, values).fetchall()


def dump(url: str) -> str:
    """Return all rows of all tables, without what jobs write by themselves: search indexes and workers' reports."""
    tables = [name for (name,) in sql(url, _POSTGRESQL_TABLES if is_postgresql(url) else _SQLITE_TABLES)]
    copied = [name for name in tables if not re.search("_search|^unindexed|^worker_reports", name)]
    return "\n".join(f"{name} {row}" for name in copied for row in sorted(sql(url, f"SELECT * FROM {name}"), key=repr))


def refuse(url: str, change: str, table: str, row_id: int | None = None) -> None:
    """Have the database refuse for good to INSERT into, UPDATE or DELETE from a table, or a row of it."""
    when = "" if row_id is None else f"WHEN (old.id = {row_id})"
    trigger = f"CREATE TRIGGER refuse_{change} BEFORE {change} ON {table} FOR EACH ROW {when}"
    if is_postgresql(url):
        raising = "LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'secret'; END$$"
        sql(url, f"CREATE OR REPLACE FUNCTION refuse() RETURNS trigger {raising}")
        sql(url, f"{trigger} EXECUTE FUNCTION refuse()")
    else:
        sql(url, f"{trigger} BEGIN SELECT RAISE(ABORT, 'secret'); END")


def lose_keys(url: str) -> None:
    """Remove the secret keys, as a restore of the tables alone would."""
    if is_postgresql(url):
        sql(url, "DELETE FROM keys")
    else:
        path = Path(url.removeprefix("sqlite:///"))
        path.with_name(f"{path.name}.share-key").unlink()
