"""The numbered migrations of the tables. Each is applied once, in order, and never changed afterwards.

To add one, create a module `NNNN_name.py` beside this file with a tuple `STATEMENTS`, and add its name to `STEPS`. If
SQL alone cannot do the work, add a function `fill(run)`; `run` executes a statement.

Steps only expand the schema, so the previous release can use the result and run beside this one during a restart. A
step that breaks earlier releases sets `BREAKS = True`; an earlier release then refuses the database.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from chat.errors import DatabaseTooNew, StoreTimeout, StoreUnavailable
from chat.store.database import Database

STEPS = (
    "0001_conversations",
    "0002_keep_and_share",
    "0003_search",
    "0004_progress",
    "0005_unindexed",
    "0006_daily_use",
    "0007_removal",
    "0008_tool_call_extras",
    "0009_turn_details",
    "0010_used_sessions",
    "0011_running",
    "0012_readiness",
)
_START_TIMEOUT_S = 30.0
# `expands` is 1 for a step whose result can be used by releases that do not know it.
_ADD_EXPANDS = "ALTER TABLE migrations ADD COLUMN expands INTEGER NOT NULL DEFAULT 0"

Execute = Callable[..., Any]


def migrate(database: Database) -> list[str]:
    """Apply the missing steps in one transaction and return their names.

    Several processes may call this at once: the first applies the steps. Raises StoreUnavailable, OSError, and
    DatabaseTooNew if a later version has changed the tables.
    """
    # The folder holds users' conversations: only this process's user may read it.
    database.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not database.path.exists():
        database.path.touch(mode=0o600)  # SQLite creates its other files with the same mode

    def execute(statement: str, values: tuple[object, ...] = ()) -> Any:
        return database.peewee.execute_sql(statement, values)

    def apply() -> list[str]:
        execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
        if "expands" not in _columns(execute):
            execute(_ADD_EXPANDS)
        missing = _missing(execute)
        for step in missing:
            module = import_module(f"{__name__}.{step}")
            for statement in module.STATEMENTS:
                execute(statement)
            if hasattr(module, "fill"):
                module.fill(execute)
            execute(
                "INSERT INTO migrations (name, expands) VALUES (?, ?)", (step, not getattr(module, "BREAKS", False))
            )
        return missing

    def work() -> list[str]:
        # Read first: a worker can start while another process holds the write lock.
        if database.read(lambda: "expands" in _columns(execute) and not _missing(execute)):
            return []
        return database.write_unbounded(apply)

    return _retry_while_busy(work)


def _columns(execute: Execute) -> set[str]:
    return {row[1] for row in execute("PRAGMA table_info(migrations)").fetchall()}


def _missing(execute: Execute) -> list[str]:
    """Return the steps not applied yet. Raises DatabaseTooNew for an unknown step that breaks this release."""
    applied = dict(execute("SELECT name, expands FROM migrations").fetchall())
    unknown = [name for name, expands in applied.items() if name not in STEPS and not expands]
    if unknown:
        raise DatabaseTooNew(max(unknown))
    return [step for step in STEPS if step not in applied]


def _retry_while_busy(work: Callable[[], list[str]]) -> list[str]:
    """Retry `work` while the database is busy or slow, for at most `_START_TIMEOUT_S`.

    When several processes switch a new file to WAL mode at once, SQLite refuses all but one without waiting.
    """
    until = time.monotonic() + _START_TIMEOUT_S
    while True:
        try:
            return work()
        except StoreUnavailable as error:
            transient = isinstance(error, StoreTimeout) or "busy" in error.message
            if not transient or time.monotonic() > until:
                raise
            time.sleep(0.05)
