"""The steps by which the tables came to be, in order, each applied once and never changed afterwards.

To add one: a module `NNNN_name.py` beside this file with a tuple `STATEMENTS`, and its name in `STEPS`. What SQL
alone cannot do, a function `fill` in it does, which is handed the call that runs a statement.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from chat.errors import StoreUnavailable
from chat.store.database import Database

STEPS = (
    "0001_conversations",
    "0002_keep_and_share",
    "0003_search",
    "0004_progress",
    "0005_unindexed",
    "0006_daily_use",
    "0007_removal",
)
_PATIENCE_S = 10.0


def migrate(database: Database) -> list[str]:
    """Bring the tables up to date and return the steps that were applied, in one transaction.

    Safe to run from several processes at once: the first does the work, the others find it done.
    Raises StoreUnavailable.
    """
    # Journal modes change outside transactions only, and the folder may be missing on the first start.
    # It holds what people said: for nobody else on this machine to read.
    database.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def apply() -> list[str]:
        run: Callable[..., Any] = database.peewee.execute_sql
        run("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
        done = {row[0] for row in run("SELECT name FROM migrations").fetchall()}
        missing = [step for step in STEPS if step not in done]
        for step in missing:
            module = import_module(f"{__name__}.{step}")
            for statement in module.STATEMENTS:
                run(statement)
            if hasattr(module, "fill"):
                module.fill(run)
            run("INSERT INTO migrations (name) VALUES (?)", (step,))
        return missing

    return _patiently(lambda: database.write(apply))


def _patiently(work: Callable[[], list[str]]) -> list[str]:
    """Of processes that turn a new file's journal to WAL at once SQLite refuses all but one, without any waiting."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return work()
        except StoreUnavailable as error:
            if "busy" not in error.message or time.monotonic() > until:
                raise
            time.sleep(0.05)
