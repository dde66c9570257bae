"""Figures of many measurements: percentiles that also count users without an answer."""

from __future__ import annotations

import math
from collections.abc import Iterable

from scripts.kit.percentiles import percentile, percentiles

NEVER = math.inf
_SPREAD = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "max": 100.0}


def spread(values: Iterable[float | None]) -> dict[str, float]:
    """Return p50, p90, p99 and max. None is a user without an answer, which counts as the latest. {} for no values."""
    ordered = [NEVER if value is None else value for value in values]
    return percentiles(ordered, _SPREAD)


def curve(values: Iterable[float | None]) -> list[float]:
    """Return the 1st to the 100th percentile, to draw the distribution of a measurement."""
    ordered = sorted(NEVER if value is None else value for value in values)
    return [percentile(ordered, percent) for percent in range(1, 101)] if ordered else []


def median(values: Iterable[float]) -> float:
    return percentile(values, 50)
