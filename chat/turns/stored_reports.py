"""Reports of the workers of all servers by way of the database, where there is no Redis."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

from chat.errors import StoreUnavailable
from chat.runtime.clock import Clock
from chat.store.worker_reports import WorkerReports

_EVERY_S = 3.0
_STALE_S, _REMOVED_S = 10.0, 60.0


class StoredReports:
    """ReportExchange of worker `name`. `needed` returns whether the reports cannot be exchanged faster.

    `key_digest` returns a digest of the worker's SECRET_KEY. `other_key` is whether a live worker has another one.
    """

    def __init__(
        self,
        reports: WorkerReports,
        name: str,
        key_digest: Callable[[], str],
        needed: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self.other_key = False
        self._closed = False
        self._reports = reports
        self._name = name
        self._key_digest = key_digest
        self._needed = needed
        self._clock = clock
        self._published_at = -_EVERY_S
        self._number = clock.now_ms()  # higher than that of a worker that had the name before
        # Number of each worker's report, and the time since when it has not changed.
        self._last_changes: dict[str, tuple[int, float]] = {}

    def publish(self, report: dict[str, Any]) -> None:
        now = self._clock.monotonic()
        if now - self._published_at < _EVERY_S or not self._needed():
            return
        self._published_at = now
        self._number += 1
        with contextlib.suppress(StoreUnavailable):
            self._reports.put(self._name, self._number, self._key_digest(), json.dumps(report))
            self._observe()

    def reports(self) -> list[dict[str, Any]]:
        if not self._needed():
            return []
        try:
            self._observe()
            reports = self._reports.reports()
        except StoreUnavailable:
            return []
        now = self._clock.monotonic()
        ages = {worker: now - self._last_changes[worker][1] for worker in reports if worker in self._last_changes}
        return [json.loads(reports[worker]) | {"stale": age_s > _STALE_S} for worker, age_s in ages.items()]

    def close(self) -> None:
        """Remove this worker's report. Later calls do nothing."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(StoreUnavailable):
            self._reports.remove(self._name)

    def _observe(self) -> None:
        """Notice which workers have reported, and remove what dead ones have left. Raises StoreUnavailable."""
        states = self._reports.states()
        now = self._clock.monotonic()
        before, self._last_changes = self._last_changes, {}
        for worker, (number, _) in states.items():
            previous = before.get(worker)
            self._last_changes[worker] = previous if previous is not None and previous[0] == number else (number, now)
        dead = [(worker, number) for worker, (number, since) in self._last_changes.items() if now - since > _REMOVED_S]
        if dead:
            self._reports.remove_unchanged(dead)
        live = {worker for worker, (_, since) in self._last_changes.items() if now - since <= _STALE_S}
        self.other_key = any(states[worker][1] != self._key_digest() for worker in live)
