"""Numeric description of a series of figures: trend, extremes, unusual steps."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A step is unusual if it is this many times as large as the median step.
_UNUSUAL = 2.5
_ENDS = 5


@dataclass(frozen=True, slots=True)
class Trend:
    """The known points of a series, in order: labels (years or dates) and values. There are at least three."""

    labels: tuple[str, ...]
    values: tuple[float, ...]

    @property
    def first(self) -> float:
        return self.values[0]

    @property
    def last(self) -> float:
        return self.values[-1]

    @property
    def high(self) -> str:
        return self.labels[self.values.index(max(self.values))]

    @property
    def low(self) -> str:
        return self.labels[self.values.index(min(self.values))]

    @property
    def ratio(self) -> float | None:
        """Return the last value divided by the first, if both are positive."""
        return self.last / self.first if min(self.first, self.last) > 0 else None

    def averages(self) -> tuple[float, float, int]:
        """Return the averages of the first and of the last few points, and the number of points in each."""
        count = max(1, min(_ENDS, len(self.values) // 3))
        return statistics.fmean(self.values[:count]), statistics.fmean(self.values[-count:]), count

    def falls(self) -> list[str]:
        """Return the labels whose values are below the value before."""
        pairs = zip(self.labels[1:], self.values, self.values[1:], strict=False)
        return [label for label, before, after in pairs if after < before]

    def unusual_step(self) -> tuple[str, str, float] | None:
        """Return the largest step if it is unusual: its first label, second label and size."""
        steps = [after - before for before, after in zip(self.values, self.values[1:], strict=False)]
        sizes = [abs(step) for step in steps]
        at = sizes.index(max(sizes))
        usual = statistics.median(sizes)
        if sizes[at] == 0 or sizes[at] < _UNUSUAL * usual:
            return None
        return self.labels[at], self.labels[at + 1], steps[at]


def trend(points: Any) -> Trend | None:
    """Return the trend of `{label: value or None}`; None for too few values."""
    if not isinstance(points, Mapping):
        return None
    known = [(str(label), value) for label, each in points.items() if (value := _number(each)) is not None]
    if len(known) < 3:
        return None
    return Trend(tuple(label for label, _ in known), tuple(value for _, value in known))


def shared_extreme(trends: Sequence[Trend]) -> tuple[str, str] | None:
    """Return the label at which most of several series have their low or high, and which of the two."""
    for kind in ("low", "high"):
        labels = [getattr(each, kind) for each in trends]
        label = max(set(labels), key=lambda each: (labels.count(each), each))
        if labels.count(label) > max(1, len(trends) / 2):
            return label, kind
    return None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
