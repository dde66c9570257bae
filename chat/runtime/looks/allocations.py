"""Allocations by line of code, traced by Python's tracemalloc."""

from __future__ import annotations

import time
import tracemalloc

from chat.errors import Conflict
from chat.runtime.block_watch.places import short
from chat.runtime.looks.findings import Finding, Look

NOT_TRACING = "Allocations of this worker are not being traced; start that first, or give the pid of the traced one."
_LINES = 50
# A trace that is forgotten would slow the worker down for ever.
FORGOTTEN_AFTER_S = 30 * 60
_Sizes = dict[tuple[str, int], tuple[int, int]]


class Allocations:
    """One per worker. It keeps the last snapshot's sums only, not the snapshot."""

    def __init__(self) -> None:
        self._last: _Sizes | None = None
        self._started_at = 0.0

    def start(self) -> Look:
        """Start tracing. Raises Conflict if tracing has started already."""
        if tracemalloc.is_tracing():
            raise Conflict("already_tracing", "Allocations of this worker are already being traced.")
        tracemalloc.start()
        self._last, self._started_at = None, time.monotonic()
        return Look(summary="Allocations are traced from now on, for at most 30 minutes.", figures={}, findings=[])

    def snapshot(self) -> Look:
        """Return the lines that allocated what is in use now. Raises Conflict if nothing is traced."""
        sizes = self._last = self._sizes()
        return self._look("Took a snapshot", sizes)

    def difference(self) -> Look:
        """Return the lines whose memory has changed since the last snapshot, which this one replaces.

        Raises Conflict if there is none, or if nothing is traced.
        """
        self._check()
        before = self._last
        if before is None:
            raise Conflict("no_snapshot", "There is no snapshot to compare with; take one first.")
        sizes = self._last = self._sizes()
        changes = {
            line: tuple(now - then for now, then in zip(sizes.get(line, (0, 0)), before.get(line, (0, 0)), strict=True))
            for line in sizes.keys() | before.keys()
        }
        return self._look("Compared with the last snapshot", {line: (b, c) for line, (b, c) in changes.items() if b})

    def stop(self) -> Look:
        """Stop tracing and drop the snapshot. Raises Conflict if nothing is traced."""
        self._check()
        tracemalloc.stop()
        self._last, self._started_at = None, 0.0
        return Look(summary="Allocations are no longer traced.", figures={}, findings=[])

    def stop_if_forgotten(self) -> None:
        if time.monotonic() - self._started_at > FORGOTTEN_AFTER_S:
            self.end()

    def end(self) -> None:
        """Stop tracing, if this object has started it."""
        if self._started_at and tracemalloc.is_tracing():
            self.stop()

    def _sizes(self) -> _Sizes:
        self._check()
        statistics = tracemalloc.take_snapshot().statistics("lineno")
        return {(each.traceback[0].filename, each.traceback[0].lineno): (each.size, each.count) for each in statistics}

    def _check(self) -> None:
        if not tracemalloc.is_tracing():
            raise Conflict("not_tracing", NOT_TRACING)

    def _look(self, summary: str, sizes: _Sizes) -> Look:
        largest = sorted(sizes.items(), key=lambda each: -abs(each[1][0]))[:_LINES]
        total = sum(size for size, _ in sizes.values())
        findings = [
            Finding(what=f"{short(file)}:{line}", count=count, bytes=size) for (file, line), (size, count) in largest
        ]
        figures = {"bytes": total, "lines": len(sizes), "tracing_bytes": tracemalloc.get_tracemalloc_memory()}
        return Look(summary=f"{summary}: {total} bytes at {len(sizes)} lines.", figures=figures, findings=findings)
