"""The statistics of the concurrency check, its plans, objectives and the knee, by tables of cases."""

from __future__ import annotations

import itertools
import random
import statistics
from array import array
from collections.abc import Sequence

import pytest

from scripts.concurrency import objectives, sweep
from scripts.concurrency.comparison import compare
from scripts.concurrency.estimates import difference_interval, next_run_margin, rank_test, slope
from scripts.concurrency.figures import PERCENTILES, measures, most_at_once, rates
from scripts.concurrency.plan import Plan
from scripts.concurrency.result import Result
from scripts.concurrency.results_file import OldRun
from scripts.concurrency.timeline import Timeline
from scripts.kit.percentiles import percentiles


def answered(first: float, done: float, *, start: float = 0.0, gaps: Sequence[float] = (), number: int = 0) -> Timeline:
    """Return a timeline with a first token, the gaps after it, and an end."""
    times = array("d", itertools.accumulate(gaps, initial=start + first))
    return Timeline(
        user=number, planned=start, sent=start, turn=start, worked=start + first, first_token=start + first,
        token_times=times, done=start + done, ended=start + done,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7.0], (7, 7, 7, 7, 7)),
        (range(1, 11), (5, 9, 10, 10, 10)),  # the p99 of ten users is their maximum
        (range(1, 101), (50, 90, 95, 99, 100)),
        (range(1, 1001), (500, 900, 950, 990, 1000)),
        ([3.0, 1.0, 2.0, 2.0], (2, 3, 3, 3, 3)),
    ],
)
def test_percentiles_are_values_that_occurred(values: Sequence[float], expected: tuple[float, ...]) -> None:
    assert tuple(percentiles(values, PERCENTILES).values()) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], 0.0),
        ([5.0], 0.0),
        ([1, 2, 3], 1.0),
        ([3, 1, 2], -0.5),
        ([0, 0, 0], 0.0),
        ([n / 2 for n in range(50)], 0.5),
    ],
)
def test_the_slope_of_a_line(values: Sequence[float], expected: float) -> None:
    assert slope(values) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        ([], [1.0], 1.0),
        ([1.0] * 30, [1.0] * 30, 1.0),
        # Exact: U = 0 in 2 of 252 orders, U <= 2 in 4 of 70 and as many on the other side.
        ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 0.0079),
        ([1, 2, 3, 6], [4, 5, 7, 8], 0.1143),
        # Every third value is shared; the normal approximation with ties: z = 1.845.
        ([n / 3 for n in range(30)], [n / 3 + 2 for n in range(30)], 0.0197),
    ],
)
def test_the_rank_test(first: list[float], second: list[float], p: float) -> None:
    assert rank_test(first, second) == pytest.approx(p, rel=0.15)
    assert rank_test(second, first) == pytest.approx(rank_test(first, second), rel=0.05)


def test_the_rank_test_is_seldom_wrong_about_equal_samples() -> None:
    chance = random.Random(5)
    wrong = sum(
        rank_test([chance.expovariate(1) for _ in range(40)], [chance.expovariate(1) for _ in range(40)]) < 0.05
        for _ in range(400)
    )
    assert 5 <= wrong <= 35  # 20 are to be expected


def test_the_bootstrap_covers_the_difference() -> None:
    chance = random.Random(5)
    inside = 0
    for _ in range(60):
        first = [chance.gauss(10, 1) for _ in range(40)]
        low, high = difference_interval(first, [chance.gauss(12, 1) for _ in range(40)], statistics.fmean, rounds=200)
        inside += low <= 2 <= high
    assert inside >= 51  # 57 are to be expected


@pytest.mark.parametrize(
    ("runs", "expected"), [([], None), ([4.0], None), ([4.0, 4.0], 0.0), ([1.0, 3.0], 22.007), ([1.0, 2.0, 3.0], 4.968)]
)
def test_how_far_the_next_run_may_lie(runs: list[float], expected: float | None) -> None:
    assert next_run_margin(runs) == (None if expected is None else pytest.approx(expected, rel=0.001))


@pytest.mark.parametrize(
    ("spans", "most"),
    [([], 0), ([(0, 1), (1, 2)], 1), ([(0, 2), (1, 3), (2, 4)], 2), ([(0, 9)] * 5 + [(None, 3)], 5)],
)
def test_the_peak_of_concurrency(spans: list[tuple[float | None, float | None]], most: int) -> None:
    assert most_at_once(spans) == most


def test_the_figures_of_a_load() -> None:
    lines = [answered(0.5 * number, 2.0 + number, gaps=(0.1, 0.4), number=number) for number in range(4)]
    lines[1].tokens = 100
    figures = rates(lines)
    assert (figures.answers, figures.failed, figures.peak, figures.seconds) == (4, 0, 4, 5.0)
    assert figures.answers_per_s == pytest.approx(0.8)
    assert figures.tokens_per_s == pytest.approx((3 + 100 + 3 + 3) / 5)
    assert figures.first_token_slope_s == pytest.approx(0.5)
    rows = measures(lines)
    assert rows["largest gap"]["max"] == pytest.approx(0.4)
    assert rows["gap between tokens"]["p50"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("plan", "starts"),
    [
        ({"users": 3}, [0, 0, 0]),
        ({"users": 4, "ramp_s": 2.0}, [0, 0.5, 1.0, 1.5]),
    ],
)
def test_the_starts_of_a_plan(plan: dict[str, float], starts: list[float]) -> None:
    assert list(Plan(prompts=("?",), **plan).starts()) == starts  # type: ignore[arg-type]


def test_a_poisson_process_has_its_rate_and_its_spread() -> None:
    starts = list(Plan(users=4000, prompts=("?",), rate=50.0, seed=3).starts())
    gaps = [later - earlier for earlier, later in itertools.pairwise([0.0, *starts])]
    assert len(starts) == 4000
    assert statistics.fmean(gaps) == pytest.approx(1 / 50, rel=0.05)
    assert statistics.stdev(gaps) == pytest.approx(1 / 50, rel=0.05)
    assert starts == list(Plan(users=4000, prompts=("?",), rate=50.0, seed=3).starts())
    assert starts != list(Plan(users=4000, prompts=("?",), rate=50.0, seed=4).starts())
    limited = list(Plan(users=1, prompts=("?",), rate=50.0, duration_s=2.0).starts())
    assert 70 < len(limited) < 130
    assert limited[-1] <= 2.0


@pytest.mark.parametrize(
    ("text", "value_ms", "met", "good"),
    [
        ("ttft:p50:250", 200, True, 2),
        ("ttft:p95:250", 400, False, 2),
        ("ttft:mean:250", 250, True, 2),
        ("response:max:999", 1000, False, 0),
        ("response:max:1000", 1000, True, 4),
        ("gap:p95:101", 100, True, 4),
        ("max_gap:p99:99.9", 100, False, 0),
    ],
)
def test_objectives_and_goodput(text: str, value_ms: float, met: bool, good: int) -> None:
    lines = [answered(first, 1.0, gaps=(0.05, 0.1)) for first in (0.1, 0.2, 0.3, 0.4)]
    objective = objectives.parse(text)
    (outcome,) = objectives.outcomes([objective], lines)
    assert outcome.value_ms == pytest.approx(value_ms)
    assert outcome.met == met
    assert objectives.good_answers([objective], lines) == good


def test_an_objective_without_answers_is_missed() -> None:
    (outcome,) = objectives.outcomes([objectives.parse("ttft:p95:1500")], [Timeline(planned=0.0)])
    assert not outcome.met
    (outcome,) = objectives.outcomes([objectives.parse("gap:p95:1500")], [answered(0.1, 1.0)])
    assert outcome.met  # an answer in one piece has no gap


def load(users: int, seconds: float, places: int) -> Result:
    """Return the load of a server with so many places."""
    lines = [answered(0.1, seconds * (1 + number // places), number=number) for number in range(users)]
    return Result({}, Plan(users=users, prompts=("?",)), lines)


@pytest.mark.parametrize(
    ("places", "tried", "knee", "past"),
    [
        (4, [1, 2, 4, 8], 4, True),
        (100, [1, 2, 4, 8], 8, False),
        (1, [1, 2], 1, True),
        (8, [8, 8, 8], 8, False),
        (6, [1, 4, 6, 7], 6, True),
    ],
)
def test_the_knee(places: int, tried: list[int], knee: int, past: bool) -> None:
    steps = []
    for users in tried:
        steps.append(sweep.step(load(users, 2.0, places)))
        assert sweep.past_knee(steps) == (past and users == tried[-1])
    assert sweep.knee(steps).users == knee
    assert (f"Knee: {knee} user" in sweep.sentence(steps)) == past
    assert ("not reached" in sweep.sentence(steps)) != past


@pytest.mark.parametrize(
    ("steps", "continues", "most", "numbers"),
    [
        ((1, 2, 4), False, 100, [1, 2, 4]),
        ((1, 2, 4), True, 30, [1, 2, 4, 8, 16, 30]),
        ((5,), True, 5, [5]),
    ],
)
def test_the_steps_of_a_sweep(steps: tuple[int, ...], continues: bool, most: int, numbers: list[int]) -> None:
    from scripts.concurrency.options import Sweep

    assert list(sweep.numbers(Sweep(steps=steps, continues=continues, most=most))) == numbers


def run_of(chance: random.Random, first_s: float) -> list[Timeline]:
    """Return a run of forty users whose first token takes about so long."""
    return [answered(first_s * chance.uniform(0.8, 1.2), 2.0, number=number) for number in range(40)]


def compared(old: list[list[Timeline]], new: list[Timeline]) -> dict[str, bool]:
    result = Result({}, Plan(users=40, prompts=("?",)), new)
    return {each.name: each.beyond_noise for each in compare([OldRun({"users": 40}, run) for run in old], result)}


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [
        ([1.0], 1.0, False),
        ([1.0], 1.05, False),  # less than 10 %: a single run does not tell how much runs differ
        ([1.0], 1.5, True),
        ([1.0], 0.6, True),
        ([1.0, 1.01, 0.99, 1.0], 1.2, True),  # runs that agree
        ([0.8, 1.2, 0.9, 1.1], 1.2, False),  # runs that do not
    ],
)
def test_a_difference_counts_beyond_the_noise_of_runs(old: list[float], new: float, differs: bool) -> None:
    chance = random.Random(9)
    results = compared([run_of(chance, first_s) for first_s in old], run_of(chance, new))
    assert results["time to first token"] == differs
    assert not results["response time"]
    assert not results["answers a second"]
