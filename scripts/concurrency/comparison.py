"""Comparison of a run with earlier ones: differences beyond the noise.

For each metric, one value a request is compared: two samples. A difference counts if

- it is improbable by chance: Mann-Whitney's rank test, p < 0.01 after Holm's correction for all metrics, and
- it is larger than runs differ among themselves. With two or more earlier runs that is the 95 % prediction interval for
  one more run, from Student's t; with a single one that noise is unknown, and 10 % of the median is assumed.

The requests of one run share its circumstances, so the rank test alone would find differences between any two runs.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scripts.concurrency.errors import CannotRun
from scripts.concurrency.estimates import difference_interval, next_run_margin, rank_test
from scripts.concurrency.figures import answered, rates
from scripts.concurrency.result import Result
from scripts.concurrency.results_file import OldRun, conditions
from scripts.concurrency.timeline import Timeline
from scripts.concurrency.units import duration, rate

_SIGNIFICANT = 0.01
_ASSUMED_NOISE = 0.10
_LEAST_S = 0.002  # smaller differences are the clock's and the scheduler's

_PER_REQUEST: dict[str, Callable[[Timeline], float | None]] = {
    "time to first token": lambda line: line.first_token_s,
    "gap between tokens": lambda line: statistics.median(line.gaps) if line.gaps else None,
    "largest gap": lambda line: line.largest_gap_s,
    "response time": lambda line: line.response_s,
    "wait": lambda line: line.wait_s,
}


@dataclass(frozen=True)
class Difference:
    """One metric: medians over requests in seconds, or a rate; the interval is of the difference of the medians."""

    name: str
    old: float
    new: float
    low: float
    high: float
    margin: float
    p: float
    is_rate: bool = False
    beyond_noise: bool = False

    @property
    def cells(self) -> tuple[str, str, str, str, str, str]:
        """The name, both values, the change, the noise, and what that means."""
        show = rate if self.is_rate else duration
        change = f"{(self.new - self.old) / self.old:+.0%}" if self.old > 0 else "new"
        if not self.beyond_noise:
            word = "within the noise"
        else:
            word = "better" if (self.new > self.old) == self.is_rate else "WORSE"
        return self.name, show(self.old), show(self.new), change, f"±{show(self.margin)}", word

    def __str__(self) -> str:
        name, old, new, change, noise, word = self.cells
        return f"  {name:<26}{old:>9} → {new:>8}  {change:>6}  {noise}: {word}"


def old_runs(files: Iterable[list[OldRun]], users: int) -> list[OldRun]:
    """Return the earlier runs with the same number of users. Raises CannotRun if there is none."""
    every = [run for runs in files for run in runs]
    same = [run for run in every if run.conditions.get("users") == users]
    if not same:
        others = ", ".join(sorted({str(run.conditions.get("users")) for run in every}))
        raise CannotRun(
            f"--compare: the earlier runs had {others} users, this one has {users}; compare the same number."
        )
    return same


def compare(old: Sequence[OldRun], result: Result) -> list[Difference]:
    """Return the differences of all metrics that both have."""
    differences = []
    for name, value in _PER_REQUEST.items():
        runs = [_values(run.timelines, value) for run in old]
        before, now = [each for run in runs for each in run], _values(result.timelines, value)
        if before and now:
            differences.append(_difference(name, [run for run in runs if run], before, now))
    return [*_corrected(differences), *_rate_difference(old, result)]


def changed_conditions(old: Sequence[OldRun], result: Result) -> list[str]:
    """Return what else differs from the earlier runs, as "name: old → new"."""
    now = conditions(result)
    changes: dict[str, None] = {}
    for run in old:
        for name, value in now.items():
            before = run.conditions.get(name)
            if before != value:
                changes[f"{name}: {_shortened(before)} → {_shortened(value)}"] = None
    return list(changes)


def heading(old: Sequence[OldRun]) -> str:
    """Return what was compared with, and how the noise is known."""
    noise = (
        f"noise from {len(old)} earlier runs"
        if len(old) > 1
        else "noise between runs is unknown from a single one: 10 % is assumed; repeat --compare for repeated runs"
    )
    return f"Compared with the earlier results ({noise}):"


def other_conditions(old: Sequence[OldRun], result: Result) -> str:
    """Return what else differs from the earlier runs, or ""."""
    changes = changed_conditions(old, result)
    return f"Other conditions: {'; '.join(changes)}" if changes else ""


def text(differences: Sequence[Difference], old: Sequence[OldRun], result: Result) -> str:
    """Return the comparison for the terminal."""
    lines = [heading(old), *map(str, differences)]
    if others := other_conditions(old, result):
        lines.append(f"  {others}")
    return "\n".join(lines)


def _values(timelines: Sequence[Timeline], value: Callable[[Timeline], float | None]) -> list[float]:
    return [number for line in answered(timelines) if (number := value(line)) is not None]


def _difference(name: str, runs: list[list[float]], before: list[float], now: list[float]) -> Difference:
    old = statistics.median(before)
    low, high = difference_interval(before, now, statistics.median)
    margin = next_run_margin([statistics.median(run) for run in runs])
    margin = max(_LEAST_S, _ASSUMED_NOISE * old if margin is None else margin)
    return Difference(name, old, statistics.median(now), low, high, margin, rank_test(before, now))


def _corrected(differences: Sequence[Difference]) -> list[Difference]:
    """Decide which differences count, with Holm's correction: the most improbable is tested most strictly."""
    beyond: dict[str, bool] = {}
    passing = True
    for position, difference in enumerate(sorted(differences, key=lambda each: each.p)):
        passing = passing and difference.p < _SIGNIFICANT / (len(differences) - position)
        beyond[difference.name] = passing and abs(difference.new - difference.old) > difference.margin
    return [replace(difference, beyond_noise=beyond[difference.name]) for difference in differences]


def _rate_difference(old: Sequence[OldRun], result: Result) -> list[Difference]:
    """Compare answers a second: one number a run, so only the spread of runs can tell."""
    before = [rates(run.timelines).answers_per_s for run in old]
    mean, now = statistics.fmean(before), result.rates.answers_per_s
    if not mean:
        return []
    margin = next_run_margin(before)
    margin = _ASSUMED_NOISE * mean if margin is None else margin
    beyond = abs(now - mean) > margin
    return [
        Difference(
            "answers a second", mean, now, now - mean, now - mean, margin, 1.0, is_rate=True, beyond_noise=beyond
        )
    ]


def as_json(differences: Sequence[Difference]) -> list[dict[str, Any]]:
    """Return the differences for the results file."""
    return [
        {
            "name": each.name,
            "old": each.old,
            "new": each.new,
            "interval_95": [each.low, each.high],
            "noise": each.margin,
            "p": each.p,
            "beyond_noise": each.beyond_noise,
        }
        for each in differences
    ]


def _shortened(value: Any) -> str:
    return str(value) if len(str(value)) <= 40 else f"{str(value)[:37]}..."
