"""Percentiles by nearest rank: each is a value that occurred."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping


def percentile(values: Iterable[float], percent: float) -> float:
    """Return one percentile. `values` must not be empty."""
    ordered = sorted(values)
    return ordered[max(1, math.ceil(percent / 100 * len(ordered))) - 1]


def percentiles(values: Iterable[float], named: Mapping[str, float]) -> dict[str, float]:
    """Return percentiles by their names, such as `{"p99": 99}`; nothing where there are no values."""
    ordered = sorted(values)
    return {name: percentile(ordered, percent) for name, percent in named.items()} if ordered else {}
