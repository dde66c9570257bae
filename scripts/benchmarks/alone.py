"""The scenes of few users or none: an idle worker, the memory of each further turn, a single user, threads."""

from __future__ import annotations

import time

from scripts.benchmarks import figures, scene
from scripts.benchmarks.bench import Bench, Start
from scripts.benchmarks.crowd import evenly
from scripts.benchmarks.measures import Measure
from scripts.benchmarks.model import PACE, SLOW, Pace
from scripts.benchmarks.servers import Server
from scripts.benchmarks.stream import Stream
from scripts.fake_llm import FakeLLM
from scripts.kit import processes

_SHORT = Pace(first_s=0.5, tokens=10, gap_s=0.02)


def rest(bench: Bench) -> list[Measure]:
    """Measure one worker with everything loaded, which is after its first turn, and how long its start took."""
    weights, ready = [], []
    for start in bench.both(1):
        readings = [_at_rest(start) for _ in range(1 if bench.quick else 3)]
        weights.append(figures.median(weight for weight, _ in readings))
        ready.append(figures.median(ready_s for _, ready_s in readings))
    threads, _ = _at_rest(lambda model: bench.parley(model, 1, USE_ASYNC_AGENT="false"))
    bench.say(f"a gevent worker {weights[0]:.1f} MB, a gthread worker {threads:.1f} MB; ready in {ready[0]:.2f} s")
    return [
        Measure("rest", "a gevent worker at rest, PSS", "MB", 100, *weights, note=f"gthread: {threads:.1f} MB"),
        Measure("ready", "from its start to the first good answer of /readyz", "s", 2, *ready),
    ]


def _at_rest(start: Start) -> tuple[float, float]:
    """Measure the memory of a worker in megabytes and its start time in seconds."""
    with _SHORT.model() as model, start(model) as server:
        scene.play(server, model, _SHORT, [0.0], 30)
        time.sleep(1)
        return _weight_mb(server), server.ready_s


def memory(bench: Bench) -> list[Measure]:
    """Measure the memory of a running turn: one worker with a hundred turns, then with a thousand."""
    few, many = bench.fewer(100), bench.fewer(1000)
    each = []
    for start in bench.both(1):
        with SLOW.model() as model, start(model) as server:
            each.append(_slope_kb(server, model, few, many))
    bench.say(f"each further turn, from {few} to {many}: " + ", ".join(f"{kb:.0f} KB" for kb in each))
    return [Measure("memory", f"memory of each further running turn, {few} to {many:,}", "KB", 60, *each)]


def _slope_kb(server: Server, model: FakeLLM, few: int, many: int) -> float:
    """Return the memory of each further running turn in KB.

    `few` turns start within a second, the rest from second 5 to 8. At second 11 all should be running.
    """
    readings: list[tuple[float, float]] = []

    def weigh() -> None:
        readings.append((time.monotonic(), _weight_mb(server)))

    starts = evenly(few, 1.0) + [5.0 + start for start in evenly(many - few, 3.0)]
    _, streams = scene.play(server, model, SLOW, starts, SLOW.answer_s + 60, [(4.5, weigh), (11.0, weigh)])
    (at, less), (later, more) = readings
    before, after = _running(streams, at), _running(streams, later)
    turns = after - before
    print(f"  {server.name}: {less:.1f} MB with {before} running turns, {more:.1f} MB with {after}", flush=True)
    if turns < 0.9 * (many - few):
        print("  NOT SOUND: the turns did not begin in time, so those that wait weigh in, too", flush=True)
    return (more - less) * 1024 / turns if turns > 0 else figures.NEVER


def _running(streams: list[Stream], at: float) -> int:
    """Return the number of turns that had begun and not ended."""
    return sum(0 < stream.turn <= at and not 0 < stream.done <= at for stream in streams)


def _weight_mb(server: Server) -> float:
    return sum(processes.pss_bytes(pid) for pid in server.worker_pids) / 1024**2


def single(bench: Bench) -> list[Measure]:
    """Measure one user after the other on an idle server."""
    late = []
    for start in bench.both(1):
        with _SHORT.model() as model, start(model) as server:
            starts = [number * 1.0 for number in range(5 if bench.quick else 40)]
            outcome, _ = scene.play(server, model, _SHORT, starts, 30)
        bench.note("single", outcome)
        late.append(outcome.first_late_s["p50"] * 1000)
    target = bench.target(5, 10)
    return [Measure("single", "a single user on an idle server: first token late, p50", "ms", target, *late)]


def threads(bench: Bench) -> list[Measure]:
    """Measure 32 users on four gthread workers of eight threads; the 33rd comes half a second later."""
    with PACE.model() as model, bench.parley(model, 4, USE_ASYNC_AGENT="false", THREADS=8) as server:
        outcome, streams = scene.play(server, model, PACE, [0.0] * 32 + [0.5], PACE.answer_s + 60)
    bench.note("threads", outcome)
    *crowd, last = streams
    outcome_of_last = _outcome_of(last)
    bench.say(f"user 33 {outcome_of_last}")
    lost = float(not last.done and not last.retry_after)
    return [
        Measure(
            "threads", "gthread, 32 users on 4 × 8 threads: answered at once", "", 32, _at_once(crowd), at_least=True
        ),
        Measure("threads_next", f"user 33 lost ({outcome_of_last})", "", 0, lost),
    ]


def _at_once(streams: list[Stream]) -> float:
    """Return the largest number of answers that ran at the same time."""
    whole = [stream for stream in streams if stream.first and stream.done]
    return float(max((sum(s.first <= one.first < s.done for s in whole) for one in whole), default=0))


def _outcome_of(last: Stream) -> str:
    if last.retry_after:
        return f"was refused for {last.retry_after} s, after {last.status}"
    if last.done and not last.failure:
        return f"waited {last.turn - last.sent:.1f} s and was answered"
    return last.failure or "was lost"
