"""Periodic jobs of a worker: one list with one start and one stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from chat.runtime.ticker import Ticker


@dataclass(frozen=True, slots=True)
class PeriodicJob:
    """A call repeated every `interval_s` seconds. With `at_start`, starting the job makes the first call and waits."""

    name: str
    interval_s: float
    run: Callable[[], object]
    at_start: bool = False


class PeriodicJobs:
    """Jobs that run in a thread each, so that a slow job does not delay the others.

    They start and stop in the order of the list. A call that raises is logged, and its job continues. `intervals`
    replaces the intervals of jobs, by name.
    """

    def __init__(self, jobs: Iterable[PeriodicJob], intervals: Mapping[str, float]) -> None:
        self._jobs = {job.name: job for job in jobs}
        for name, interval_s in intervals.items():
            self._jobs[name] = replace(self._jobs[name], interval_s=interval_s)
        self._tickers: dict[str, Ticker] = {}

    def start(self) -> None:
        """Start all jobs. Raises what the first call of a job `at_start` raises; those before it are then running."""
        for job in self._jobs.values():
            if job.at_start:
                job.run()
            ticker = self._tickers[job.name] = Ticker(job.name, job.interval_s, job.run)
            ticker.start()

    def stop(self) -> None:
        """Stop all jobs and wait for the calls in progress."""
        for ticker in self._tickers.values():
            ticker.stop()

    def lag_ms(self, name: str) -> float:
        """Return how late the job ran in the last seconds, 0.0 before its start."""
        ticker = self._tickers.get(name)
        return 0.0 if ticker is None else ticker.lag_ms
