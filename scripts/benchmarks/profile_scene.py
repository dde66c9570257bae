"""The scene of `--profile`: a thousand users, while py-spy samples the workers."""

from __future__ import annotations

from scripts.benchmarks import scene
from scripts.benchmarks.bench import Bench
from scripts.benchmarks.crowd import evenly
from scripts.benchmarks.model import PACE
from scripts.benchmarks.package_profile import Profiler, by_function, by_package

_FROM_S, _FOR_S = 0.2, 5.0


def profile(bench: Bench) -> dict[str, dict[str, float]]:
    """Return and print shares of the workers' CPU, by package and by function. Raises FileNotFoundError."""
    profiler = Profiler(bench.folder, _FOR_S)
    users = bench.fewer(1000)
    with PACE.model() as model, bench.parley(model, 2) as server:
        moments = [(_FROM_S, lambda: profiler.start(server.worker_pids))]
        outcome, _ = scene.play(server, model, PACE, evenly(users, 1.0), PACE.answer_s + 60, moments)
        samples = profiler.samples()
    bench.note("profile", outcome)
    report = {"by_package": by_package(samples), "by_function": by_function(samples)}
    for name, shares in report.items():
        bench.say(name.replace("_", " ") + ":")
        for what, share in shares.items():
            bench.say(f"  {share:6.1%}  {what}")
    return report
