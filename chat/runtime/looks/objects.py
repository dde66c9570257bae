"""A full garbage collection, and the number of objects by type."""

from __future__ import annotations

import gc
from collections import Counter
from typing import Any

from chat.runtime.looks.findings import Finding, Look, in_slices
from chat.runtime.process_stats import resident_bytes

_TYPES = 50


def collect() -> Look:
    """Run a full garbage collection."""
    before = resident_bytes()
    freed = gc.collect()
    after = resident_bytes()
    summary = f"Collected garbage: {freed} objects freed, {max(0, before - after)} bytes given back to the system."
    figures = {"freed": freed, "rss_before": before, "rss_after": after, "uncollectable": len(gc.garbage)}
    return Look(summary=summary, figures=figures, findings=[])


class Growth:
    """Number of objects by type, compared with the last count. One per worker."""

    def __init__(self) -> None:
        self._last: Counter[str] | None = None

    def count(self) -> Look:
        """Count the objects that the garbage collector tracks, except those from before the first request."""
        now: Counter[str] = Counter()

        def visit(item: Any) -> None:
            kind = type(item)
            now[f"{kind.__module__}.{kind.__qualname__}"] += 1

        in_slices(gc.get_objects(), visit)
        last, self._last = self._last, now
        total = now.total()
        if last is None:
            summary = f"Counted {total} objects. The next count says which types have grown."
            return Look(summary=summary, figures={"objects": total}, findings=_findings(now))
        change = Counter({name: now[name] - last[name] for name in now.keys() | last.keys()})
        grown = total - last.total()
        summary = f"Counted {total} objects, {grown:+} since the last count."
        return Look(summary=summary, figures={"objects": total, "grown": grown}, findings=_findings(change))


def _findings(counts: Counter[str]) -> list[Finding]:
    largest = sorted(counts.items(), key=lambda each: -abs(each[1]))[:_TYPES]
    return [Finding(what=name, count=count) for name, count in largest if count]
