"""The numbered migrations of the tables. Each is applied once, in order, and never changed afterwards.

Each engine has its own steps. To add one, create a module `NNNN_name.py` in the engine's `migrations` package with a
tuple `STATEMENTS`, and add it to `STEPS` there. If SQL alone cannot do the work, add a function `fill(run)`; `run`
executes a statement.

Each step says which earlier releases can use its result: `runs_with` is the newest step that a release must know.

- A step that only adds to the tables expands them. Its `runs_with` is that of the step before it, so the previous
  release can run beside this one during a restart, and again after the update is undone.
- A step that removes something contracts them. It comes a release later than the step since which nothing uses what it
  removes, and its `runs_with` is the number of that step. An older release refuses the database.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib import import_module

from chat.errors import DatabaseTooNew, StoreBusy, StoreTimeout, StoreUnavailable
from chat.store import engines
from chat.store.engines.contract import Engine, Step

_START_TIMEOUT_S = 30.0
_CREATE = "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)"
_ADD_COLUMNS = {
    "expands": "ALTER TABLE migrations ADD COLUMN expands INTEGER NOT NULL DEFAULT 0",
    "runs_with": "ALTER TABLE migrations ADD COLUMN runs_with INTEGER",
}
# Releases up to this step read `expands` instead of `runs_with`: 1 if they can use the result of a step. They wrote no
# `runs_with`.
_LAST_WITH_EXPANDS = 12
_APPLIED = "INSERT INTO migrations (name, expands, runs_with) VALUES (?, ?, ?)"


def migrate(engine: Engine) -> list[str]:
    """Apply the missing steps in one transaction and return their names.

    Several processes may call this at once: the first applies the steps. Raises StoreUnavailable, OSError, and
    DatabaseTooNew if a later version has changed the tables.
    """
    engine.prepare()

    def work() -> list[str]:
        # Read first: a worker can start while another process holds the write lock.
        if engine.read(lambda: _ADD_COLUMNS.keys() <= engine.columns("migrations") and not _missing(engine)):
            return []
        return engine.write_exclusive(lambda: apply_missing(engine))

    return _retry_while_busy(work)


def apply_missing(engine: Engine, last: int | None = None) -> list[str]:
    """Apply the missing steps, up to number `last` if it is given, and return their names. Call it inside a write."""
    engine.execute(_CREATE)
    for statement in (_ADD_COLUMNS[name] for name in _ADD_COLUMNS if name not in engine.columns("migrations")):
        engine.execute(statement)
    missing = [step for step in _missing(engine) if last is None or step.number <= last]
    for step in missing:
        _apply(engine, step)
    return [step.name for step in missing]


def steps_of(engine: Engine) -> Sequence[Step]:
    """Return all steps that this release has for an engine."""
    steps: Sequence[Step] = import_module(engine.migrations).STEPS
    return steps


def kind(engine: Engine) -> str:
    """Return the name of the kind of database, which is that of its package."""
    return engine.migrations.split(".")[-2]


def steps_of_kind(name: str) -> Sequence[Step]:
    """Return all steps that this release has for a kind of database, or none for an unknown kind."""
    try:
        steps: Sequence[Step] = import_module(f"{engines.__name__}.{name}.migrations").STEPS
    except ModuleNotFoundError:
        return ()
    return steps


def applied_steps(engine: Engine) -> list[Step]:
    """Return the steps of a database, also those of later releases. Call it inside a read.

    Raises DatabaseTooNew if this release cannot use the database.
    """
    known = {step.name: step for step in steps_of(engine)}
    if not _ADD_COLUMNS.keys() <= engine.columns("migrations"):
        # Written by an early release, so all its steps are known.
        return [known[name] for (name,) in engine.execute("SELECT name FROM migrations ORDER BY name").fetchall()]
    _missing(engine)
    rows = engine.execute("SELECT name, runs_with FROM migrations ORDER BY name").fetchall()
    return [known[name] if name in known else Step(name, runs_with or 1) for name, runs_with in rows]


def _missing(engine: Engine) -> list[Step]:
    """Return the steps not applied yet. Raises DatabaseTooNew for an unknown step that this release cannot run with."""
    steps = steps_of(engine)
    applied = engine.execute("SELECT name, expands, runs_with FROM migrations").fetchall()
    known = {step.name for step in steps}
    newest = max(step.number for step in steps)
    needed = [
        name
        for name, expands, runs_with in applied
        if name not in known and not (expands if runs_with is None else runs_with <= newest)
    ]
    if needed:
        raise DatabaseTooNew(max(needed))
    done = {name for name, _, _ in applied}
    return [step for step in steps if step.name not in done]


def _apply(engine: Engine, step: Step) -> None:
    module = import_module(f"{engine.migrations}.{step.name}")
    for statement in module.STATEMENTS:
        engine.execute(statement)
    if hasattr(module, "fill"):
        module.fill(engine.execute)
    engine.execute(_APPLIED, (step.name, step.runs_with <= _LAST_WITH_EXPANDS, step.runs_with))


def _retry_while_busy(work: Callable[[], list[str]]) -> list[str]:
    """Retry `work` while the database is busy or slow, for at most `_START_TIMEOUT_S`.

    When several processes switch a new file to WAL mode at once, SQLite refuses all but one without waiting.
    """
    until = time.monotonic() + _START_TIMEOUT_S
    while True:
        try:
            return work()
        except StoreUnavailable as error:
            if not isinstance(error, StoreBusy | StoreTimeout) or time.monotonic() > until:
                raise
            time.sleep(0.05)
