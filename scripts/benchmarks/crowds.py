"""The scenes of many users at once."""

from __future__ import annotations

from scripts.benchmarks import scene
from scripts.benchmarks.bench import Bench
from scripts.benchmarks.crowd import evenly
from scripts.benchmarks.measures import Measure
from scripts.benchmarks.model import PACE, SLOW, Pace
from scripts.benchmarks.scene import Outcome

_TIMEOUT_S = 60.0  # beyond the answer's own time: a user without an answer by then counts as failed


def hundred(bench: Bench) -> list[Measure]:
    """Measure a hundred users on one gevent worker."""
    users = bench.fewer(100)
    measures = _crowd(bench, "hundred", users, 1, PACE, 1.0)
    title = f"server CPU per token, {users} users, one gevent worker"
    return [Measure("cpu_hundred", title, "µs", 40, *_of(measures, "cpu_per_token_us"))]


def thousand(bench: Bench) -> list[Measure]:
    """Measure a thousand users who arrive within a second, on two workers."""
    users = bench.fewer(1000)
    measures = _crowd(bench, "thousand", users, 2, PACE, 1.0)
    who = f"{users:,} users within 1 s, two workers"
    return [
        Measure("cpu_thousand", f"server CPU per token, {users:,} users, two workers", "µs", bench.target(25, 35),
                *_of(measures, "cpu_per_token_us")),
        Measure("first_thousand", f"{who}: first token late, p99", "ms", bench.target(250, 400),
                *_late(measures, "first_late_s", "p99")),
        Measure("end_thousand", f"{who}: end late, p99", "ms", 500, *_late(measures, "end_late_s", "p99")),
        Measure("failed_thousand", f"{who}: failed", "", 0, *_of(measures, "failed")),
    ]  # fmt: skip


def three_thousand(bench: Bench) -> list[Measure]:
    """Measure 3,000 users of a model that takes 20 seconds, on two workers; all users arrive within two seconds."""
    users = bench.fewer(3000)
    # Below WORKER_CONNECTIONS a worker admits three in four; any worker may get most of a crowd.
    measures = _crowd(bench, "three_thousand", users, 2, SLOW, 2.0, WORKER_CONNECTIONS=4000)
    who = f"20 s model, {users:,} users, two workers"
    return [
        Measure("failed_three_thousand", f"{who}: failed", "", 0, *_of(measures, "failed")),
        Measure("end_three_thousand", f"{who}: the latest end", "ms", 1500, *_late(measures, "end_late_s", "max")),
    ]


def sustained(bench: Bench) -> list[Measure]:
    """Measure three thousand concurrent users: a new one arrives for each that has its answer."""
    users, seconds = bench.fewer(3000), 45.0
    count = int(users * seconds / SLOW.answer_s)
    outcomes, rates = [], []
    for start in bench.both(2, WORKER_CONNECTIONS=4000):
        with SLOW.model() as model, start(model) as server:
            outcome, streams = scene.play(server, model, SLOW, evenly(count, seconds), SLOW.answer_s + _TIMEOUT_S)
        bench.note("sustained", outcome)
        outcomes.append(outcome)
        # From the first ends, when all three thousand are running, until no more users arrive.
        rates.append(scene.answers_per_s(streams, SLOW.answer_s + 2, seconds))
    who = f"20 s model, {users:,} users at all times"
    least = 130.0 if not bench.quick else 13.0
    return [
        Measure("failed_sustained", f"{who}: failed", "", 0, *_of(outcomes, "failed")),
        Measure("end_sustained", f"{who}: the latest end", "ms", 1000, *_late(outcomes, "end_late_s", "max")),
        Measure("rate_sustained", f"{who}: answers", "/s", least, *rates, at_least=True),
    ]


def _crowd(
    bench: Bench, name: str, users: int, workers: int, pace: Pace, within_s: float, **settings: object
) -> list[Outcome]:
    """Run the same crowd against each server. Parley's outcome comes first."""
    outcomes = []
    for start in bench.both(workers, **settings):
        with pace.model() as model, start(model) as server:
            outcome, _ = scene.play(server, model, pace, evenly(users, within_s), pace.answer_s + _TIMEOUT_S)
        bench.note(name, outcome)
        outcomes.append(outcome)
    return outcomes


def _of(outcomes: list[Outcome], name: str) -> list[float]:
    return [float(getattr(outcome, name)) for outcome in outcomes]


def _late(outcomes: list[Outcome], name: str, part: str) -> list[float]:
    return [getattr(outcome, name)[part] * 1000 for outcome in outcomes]
