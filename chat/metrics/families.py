"""Families of counters and histograms: a name, a description, labels with a bounded number of values."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from chat.metrics.counters import Counters, Key

# Further combinations of label values are counted under OTHER.
_MAX_COMBINATIONS = 100
OTHER = "other"
SUM = "sum"
INFINITY = "+Inf"

FAST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
WAIT_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
TURN_BUCKETS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class Family:
    """A family of one worker's counters. `name` is its name in Prometheus, `help` one sentence."""

    kind = "counter"

    def __init__(self, counters: Counters, name: str, help_text: str, labels: Sequence[str] = ()) -> None:
        self.name = name
        self.help = help_text
        self.labels = tuple(labels)
        self._counters = counters
        self._known: dict[tuple[str, ...], Key] = {}

    def _key(self, values: tuple[str, ...]) -> Key:
        """Return the beginning of the keys for these label values."""
        key = self._known.get(values)
        if key is None:
            if len(self._known) < _MAX_COMBINATIONS:
                key = self._known[values] = (self.name, *map(_one_line, values))
            else:
                key = (self.name, *(OTHER for _ in values))
        return key


class Counter(Family):
    """Something that is only ever added to."""

    def add(self, *values: str, amount: float = 1.0) -> None:
        """Add `amount` for these values of the labels."""
        self._counters.add(self._key(values), amount)


class Histogram(Family):
    """Durations in seconds, counted by buckets. `bounds` are the buckets' upper bounds, ascending."""

    kind = "histogram"

    def __init__(
        self, counters: Counters, name: str, help_text: str, labels: Sequence[str], bounds: Sequence[float]
    ) -> None:
        super().__init__(counters, name, help_text, labels)
        self.bounds = tuple(map(float, bounds))
        self._bucket_names = (*map(str, self.bounds), INFINITY)

    def observe(self, seconds: float, *values: str) -> None:
        """Count a duration for these values of the labels."""
        key = self._key(values)
        self._counters.add((*key, self._bucket_names[bisect.bisect_left(self.bounds, seconds)]))
        self._counters.add((*key, SUM), seconds)

    @property
    def bucket_names(self) -> tuple[str, ...]:
        """Return the upper bounds as they are written, the last being +Inf."""
        return self._bucket_names


def _one_line(value: str) -> str:
    """Return a label's value without control characters, of limited length."""
    return "".join(each for each in value if each.isprintable())[:120]
