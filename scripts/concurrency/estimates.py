"""Estimates from samples: a slope, two samples compared, the spread of repeated runs.

Percentiles are nearest ranks (`scripts/kit/percentiles.py`): each is a value that occurred, and the p99 of ten users is
their maximum.
"""

from __future__ import annotations

import itertools
import math
import random
import statistics
from collections.abc import Callable, Sequence

# Student's t for 95 % of two sides, by degrees of freedom from 1.
_T95 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
_NORMAL_FROM = 20  # samples of at least so many values: the rank sum is normal enough
_PERMUTATIONS = 5000


def slope(values: Sequence[float]) -> float:
    """Return the growth of a value from one position to the next, by least squares. 0 for fewer than two."""
    if len(values) < 2:
        return 0.0
    return statistics.linear_regression(range(len(values)), values).slope


def rank_test(first: Sequence[float], second: Sequence[float]) -> float:
    """Return how probable so large a difference of two samples is by chance (Mann-Whitney U, both sides).

    Ties share their ranks. Very small samples are compared in all permutations, small ones in random ones, others
    by the normal distribution.
    """
    if not first or not second:
        return 1.0
    ranks = _ranks([*first, *second])
    count, other = len(first), len(second)
    mean = count * (count + other + 1) / 2
    distance = abs(sum(ranks[:count]) - mean)
    if math.comb(count + other, count) <= _PERMUTATIONS:
        sums = [sum(chosen) for chosen in itertools.combinations(ranks, count)]
        return sum(abs(each - mean) >= distance - 1e-9 for each in sums) / len(sums)
    if min(count, other) < _NORMAL_FROM:
        chance = random.Random(1)
        sums = [sum(chance.sample(ranks, count)) for _ in range(_PERMUTATIONS)]
        return (1 + sum(abs(each - mean) >= distance - 1e-9 for each in sums)) / (1 + _PERMUTATIONS)
    total = count + other
    ties = sum(number**3 - number for number in _tie_sizes(ranks))
    deviation = math.sqrt(count * other / 12 * (total + 1 - ties / (total * (total - 1))))
    return math.erfc(max(0.0, distance - 0.5) / deviation / math.sqrt(2)) if deviation else 1.0


def difference_interval(
    first: Sequence[float], second: Sequence[float], statistic: Callable[[Sequence[float]], float], rounds: int = 500
) -> tuple[float, float]:
    """Return the 95 % interval of `statistic(second) - statistic(first)` by the bootstrap. Neither may be empty."""
    chance = random.Random(1)
    differences = sorted(
        statistic(chance.choices(second, k=len(second))) - statistic(chance.choices(first, k=len(first)))
        for _ in range(rounds)
    )
    return differences[math.floor(0.025 * (rounds - 1))], differences[math.ceil(0.975 * (rounds - 1))]


def next_run_margin(runs: Sequence[float]) -> float | None:
    """Return how far from their mean one more run like these lies, with a probability of 95 %. None for one run."""
    if len(runs) < 2:
        return None
    t = _T95[min(len(runs) - 1, len(_T95)) - 1]
    return t * statistics.stdev(runs) * math.sqrt(1 + 1 / len(runs))


def _ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value, from 1. Equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for position in order[start:end]:
            ranks[position] = (start + 1 + end) / 2
        start = end
    return ranks


def _tie_sizes(ranks: Sequence[float]) -> list[int]:
    counts: dict[float, int] = {}
    for rank in ranks:
        counts[rank] = counts.get(rank, 0) + 1
    return [count for count in counts.values() if count > 1]
