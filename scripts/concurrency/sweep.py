"""A sweep over numbers of users, up to the knee.

The knee is the number of users with the greatest power: answers a second divided by the median time to a whole answer
(Kleinrock). Before it, more users get more answers in the same time; after it, they only wait longer.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scripts.concurrency.figures import answered
from scripts.concurrency.options import Sweep
from scripts.concurrency.result import Result
from scripts.concurrency.units import count, duration, rate

_CLEARLY_LESS = 0.85  # of the greatest power: that is beyond what two runs differ by
_TOO_MANY_ERRORS = 0.05


@dataclass(frozen=True)
class Step:
    """One run of a sweep. `good_per_s` counts answers that keep the objectives, if there are any."""

    users: int
    answers_per_s: float
    good_per_s: float
    total_s: float
    failed: float  # share of the requests
    result: Result

    @property
    def power(self) -> float:
        """Good answers a second, divided by the median time to a whole answer."""
        return self.good_per_s / self.total_s if self.total_s else 0.0


def step(result: Result) -> Step:
    """Return the step that a run was."""
    figures = result.rates
    totals = [line.total_s or 0.0 for line in answered(result.timelines)]
    good_per_s = figures.answers_per_s
    if result.objectives:
        good_per_s = result.good / figures.seconds if figures.seconds else 0.0
    return Step(
        users=result.plan.users,
        answers_per_s=figures.answers_per_s,
        good_per_s=good_per_s,
        total_s=statistics.median(totals) if totals else 0.0,
        failed=figures.failed / max(1, len(result.timelines)),
        result=result,
    )


def numbers(sweep: Sweep) -> Iterator[int]:
    """Yield the numbers of users. An open list goes on by doubling."""
    yield from sweep.steps
    last = sweep.steps[-1]
    while sweep.continues and last < sweep.most:
        last = min(2 * last, sweep.most)
        yield last


def past_knee(steps: Sequence[Step]) -> bool:
    """Return whether the last step is clearly beyond the knee."""
    best, last = knee(steps), steps[-1]
    return (
        best is not last
        and last.users > best.users
        and (last.failed > _TOO_MANY_ERRORS or last.power < _CLEARLY_LESS * best.power)
    )


def knee(steps: Sequence[Step]) -> Step:
    """Return the step with the greatest power, of those with few errors if there are any."""
    good = [each for each in steps if each.failed <= _TOO_MANY_ERRORS] or list(steps)
    return max(good, key=lambda each: each.power)


HEAD = ("users", "answers/s", "first token p50", "p95", "whole p50", "failed", "verdict")
_WIDTHS = (7, 11, 17, 10, 11, 8)


def rows(steps: Sequence[Step]) -> list[tuple[str, ...]]:
    """Return the cells of the table of all steps, below HEAD."""
    cells = []
    for each in steps:
        first = each.result.measures["time to first token"]
        word = (each.result.verdict.word if each.result.verdict else None) or "none"
        times = (duration(first.get("p50")), duration(first.get("p95")), duration(each.total_s))
        cells.append((f"{each.users:,}", rate(each.answers_per_s), *times, f"{each.failed:.0%}", word))
    return cells


def table(steps: Sequence[Step]) -> str:
    """Return the table of all steps for the terminal."""
    return "\n".join(
        "".join(f"{cell:>{width}}" for cell, width in zip(cells, _WIDTHS, strict=False)) + f"  {cells[-1]}"
        for cells in (HEAD, *rows(steps))
    )


def sentence(steps: Sequence[Step]) -> str:
    """Return the sentence that names the knee."""
    best = knee(steps)
    if not past_knee(steps):
        return f"Knee: not reached with {count(steps[-1].users, 'user')}: more users still get more answers."
    last = steps[-1]
    return (
        f"Knee: {count(best.users, 'user')}, with {rate(best.answers_per_s)} answers/s in {duration(best.total_s)}; "
        f"{last.users:,} users get {rate(last.answers_per_s)} answers/s in {duration(last.total_s)} each"
        + (f", and {last.failed:.0%} failed." if last.failed else ".")
    )
