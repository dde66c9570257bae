"""Objectives such as `ttft:p95:1500`, and goodput: the answers that keep them."""

from __future__ import annotations

import argparse
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scripts.concurrency.figures import METRICS, answered
from scripts.concurrency.timeline import Timeline
from scripts.kit.percentiles import percentile

_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "p50": lambda values: percentile(values, 50),
    "p90": lambda values: percentile(values, 90),
    "p95": lambda values: percentile(values, 95),
    "p99": lambda values: percentile(values, 99),
    "max": max,
    "mean": statistics.fmean,
}


@dataclass(frozen=True)
class Objective:
    """A limit on a statistic of a metric, in milliseconds."""

    metric: str
    statistic: str
    limit_ms: float

    def __str__(self) -> str:
        return f"{self.metric}:{self.statistic}:{self.limit_ms:g}"

    def value_ms(self, timelines: Sequence[Timeline]) -> float | None:
        """Return the statistic over whole answers, or None if there are no values."""
        values = [value for line in answered(timelines) for value in METRICS[self.metric].values(line)]
        return _STATISTICS[self.statistic](values) * 1000 if values else None

    def keeps(self, line: Timeline) -> bool:
        """Return whether one request stays within the limit. Only its gaps can have a statistic of their own."""
        values = list(METRICS[self.metric].values(line))
        return line.done is not None and (not values or _STATISTICS[self.statistic](values) * 1000 <= self.limit_ms)


@dataclass(frozen=True)
class Outcome:
    """An objective and what was measured. Without any answer it is missed."""

    objective: Objective
    value_ms: float | None

    @property
    def met(self) -> bool:
        """Return whether the objective was met."""
        return self.value_ms is not None and self.value_ms <= self.objective.limit_ms


def outcomes(objectives: Sequence[Objective], timelines: Sequence[Timeline]) -> list[Outcome]:
    """Return the outcome of each objective. A load whose answers have no second token has no gap that is too long."""
    results = []
    for objective in objectives:
        value = objective.value_ms(timelines)
        if value is None and objective.metric in ("gap", "max_gap") and answered(timelines):
            value = 0.0
        results.append(Outcome(objective, value))
    return results


def good_answers(objectives: Sequence[Objective], timelines: Sequence[Timeline]) -> int:
    """Return how many requests keep every objective."""
    return sum(all(objective.keeps(line) for objective in objectives) for line in answered(timelines))


def parse(text: str) -> Objective:
    """Return the objective that `text` describes. Raises ArgumentTypeError."""
    match = re.fullmatch(r"([a-z_]+):([a-z0-9]+):([0-9]{1,9}(?:\.[0-9]{1,3})?)", text)
    if not match or match[1] not in METRICS or match[2] not in _STATISTICS or float(match[3]) <= 0:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not METRIC:STATISTIC:MILLISECONDS, such as ttft:p95:1500; metrics are {', '.join(METRICS)}, "
            f"statistics {', '.join(_STATISTICS)}"
        )
    return Objective(match[1], match[2], float(match[3]))
