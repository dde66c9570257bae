"""The steps by which the tables came to be, in order, each applied once and never changed afterwards.

To add one: a module `NNNN_name.py` beside this file with a tuple `STATEMENTS`, and its name in `STEPS`. What SQL
alone cannot do, a function `fill` in it does, which is handed the call that runs a statement.

Steps only expand: the version before can use what they leave, and runs beside this one during a restart. One that
cannot help breaking it says `BREAKS = True`; an earlier program then refuses the database in a sentence.
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
_PATIENCE_S = 30.0
# The mark of steps after which programs that do not know them can use the database all the same.
_ADD_MARK = "ALTER TABLE migrations ADD COLUMN expands INTEGER NOT NULL DEFAULT 0"

Run = Callable[..., Any]


def migrate(database: Database) -> list[str]:
    """Bring the tables up to date and return the steps that were applied, in one transaction.

    Safe to run from several processes at once: the first does the work, the others find it done.
    Raises StoreUnavailable, and DatabaseTooNew where a later version has been at work.
    """
    # Journal modes change outside transactions only, and the folder may be missing on the first start.
    # It holds what people said: for nobody else on this machine to read.
    database.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not database.path.exists():
        database.path.touch(mode=0o600)  # SQLite's other files take the mode of this one

    def run(statement: str, values: tuple[object, ...] = ()) -> Any:
        return database.peewee.execute_sql(statement, values)

    def apply() -> list[str]:
        run("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
        if "expands" not in _columns(run):
            run(_ADD_MARK)
        missing = _missing(run)
        for step in missing:
            module = import_module(f"{__name__}.{step}")
            for statement in module.STATEMENTS:
                run(statement)
            if hasattr(module, "fill"):
                module.fill(run)
            run("INSERT INTO migrations (name, expands) VALUES (?, ?)", (step, not getattr(module, "BREAKS", False)))
        return missing

    def work() -> list[str]:
        # Looks before it locks: a worker can start while another process holds the lock.
        if database.read(lambda: "expands" in _columns(run) and not _missing(run)):
            return []
        return database.write_at_length(apply)

    return _patiently(work)


def _columns(run: Run) -> set[str]:
    return {row[1] for row in run("PRAGMA table_info(migrations)").fetchall()}


def _missing(run: Run) -> list[str]:
    """The steps that are not applied yet. Raises DatabaseTooNew where there are others that this program cannot use."""
    applied = dict(run("SELECT name, expands FROM migrations").fetchall())
    unknown = [name for name, expands in applied.items() if name not in STEPS and not expands]
    if unknown:
        raise DatabaseTooNew(max(unknown))
    return [step for step in STEPS if step not in applied]


def _patiently(work: Callable[[], list[str]]) -> list[str]:
    """Of processes that turn a new file's journal to WAL at once SQLite refuses all but one, without any waiting.

    Those that have to wait meanwhile may be late, on a machine that is busy: no reason to end a start.
    """
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return work()
        except StoreUnavailable as error:
            passing = isinstance(error, StoreTimeout) or "busy" in error.message
            if not passing or time.monotonic() > until:
                raise
            time.sleep(0.05)
