"""The numbered migrations of the tables. Each is applied once, in order, and never changed afterwards.

Each engine has its own steps. To add one, create a module `NNNN_name.py` in the engine's `migrations` package with a
tuple `STATEMENTS`, and add its name to `STEPS` there. If SQL alone cannot do the work, add a function `fill(run)`;
`run` executes a statement.

Steps only expand the schema, so the previous release can use the result and run beside this one during a restart. A
step that breaks earlier releases sets `BREAKS = True`; an earlier release then refuses the database.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib import import_module

from chat.errors import DatabaseTooNew, StoreTimeout, StoreUnavailable
from chat.store.engines.contract import Engine

_START_TIMEOUT_S = 30.0
# `expands` is 1 for a step whose result can be used by releases that do not know it.
_ADD_EXPANDS = "ALTER TABLE migrations ADD COLUMN expands INTEGER NOT NULL DEFAULT 0"


def migrate(engine: Engine) -> list[str]:
    """Apply the missing steps in one transaction and return their names.

    Several processes may call this at once: the first applies the steps. Raises StoreUnavailable, OSError, and
    DatabaseTooNew if a later version has changed the tables.
    """
    engine.prepare()
    steps: Sequence[str] = import_module(engine.migrations).STEPS

    def apply() -> list[str]:
        engine.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
        if "expands" not in engine.columns("migrations"):
            engine.execute(_ADD_EXPANDS)
        missing = _missing(engine, steps)
        for step in missing:
            module = import_module(f"{engine.migrations}.{step}")
            for statement in module.STATEMENTS:
                engine.execute(statement)
            if hasattr(module, "fill"):
                module.fill(engine.execute)
            engine.execute(
                "INSERT INTO migrations (name, expands) VALUES (?, ?)", (step, not getattr(module, "BREAKS", False))
            )
        return missing

    def work() -> list[str]:
        # Read first: a worker can start while another process holds the write lock.
        if engine.read(lambda: "expands" in engine.columns("migrations") and not _missing(engine, steps)):
            return []
        return engine.write_unbounded(apply)

    return _retry_while_busy(work)


def _missing(engine: Engine, steps: Sequence[str]) -> list[str]:
    """Return the steps not applied yet. Raises DatabaseTooNew for an unknown step that breaks this release."""
    applied = dict(engine.execute("SELECT name, expands FROM migrations").fetchall())
    unknown = [name for name, expands in applied.items() if name not in steps and not expands]
    if unknown:
        raise DatabaseTooNew(max(unknown))
    return [step for step in steps if step not in applied]


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
