"""The last report of each worker of all servers, each with a number that grows.

Written where several servers share the database and have no Redis. No time is stored: the servers' clocks may differ,
so a reader looks whether the number changes.
"""

from __future__ import annotations

from collections.abc import Iterable

from chat.store.engines.contract import Engine
from chat.store.transactions import writes

_PUT = """
    INSERT INTO worker_reports (worker, number, key_digest, report) VALUES (?, ?, ?, ?)
    ON CONFLICT (worker)
    DO UPDATE SET number = excluded.number, key_digest = excluded.key_digest, report = excluded.report
"""
_REMOVE = "DELETE FROM worker_reports WHERE worker = ?"
_REMOVE_OLD = "DELETE FROM worker_reports WHERE worker = ? AND number = ?"
_STATES = "SELECT worker, number, key_digest FROM worker_reports"
_REPORTS = "SELECT worker, report FROM worker_reports"


class WorkerReports:
    """Call `put` with higher and higher numbers. `key_digest` identifies the worker's SECRET_KEY."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @writes
    def put(self, worker: str, number: int, key_digest: str, report: str) -> None:
        """Replace the report of `worker`. Raises StoreUnavailable."""
        self.engine.execute(_PUT, (worker, number, key_digest, report))

    @writes
    def remove(self, worker: str) -> None:
        """Remove the report of a worker that ends. Raises StoreUnavailable."""
        self.engine.execute(_REMOVE, (worker,))

    @writes
    def remove_unchanged(self, states: Iterable[tuple[str, int]]) -> None:
        """Remove the reports of workers that still have these numbers. Raises StoreUnavailable."""
        for state in sorted(states):
            self.engine.execute(_REMOVE_OLD, state)

    def states(self) -> dict[str, tuple[int, str]]:
        """Return number and key digest by worker. Raises StoreUnavailable."""
        rows = self.engine.read(lambda: self.engine.execute(_STATES).fetchall())
        return {worker: (number, key_digest) for worker, number, key_digest in rows}

    def reports(self) -> dict[str, str]:
        """Return the reports by worker. Raises StoreUnavailable."""
        return dict(self.engine.read(lambda: self.engine.execute(_REPORTS).fetchall()))
