"""The figures of a load, from its timelines. Times in seconds; failed requests have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.concurrency.estimates import slope
from scripts.concurrency.timeline import Timeline
from scripts.kit.percentiles import percentiles

PERCENTILES = {"p50": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}


@dataclass(frozen=True)
class Metric:
    """One measure of a request. `values` has several values for the gaps. `name` is its name in options."""

    name: str
    title: str
    values: Callable[[Timeline], Iterable[float]]


def _single(value: Callable[[Timeline], float | None]) -> Callable[[Timeline], Iterable[float]]:
    def values(line: Timeline) -> Iterable[float]:
        number = value(line)
        return () if number is None else (number,)

    return values


METRICS = {
    metric.name: metric
    for metric in (
        Metric("first_event", "time to first event", _single(lambda line: line.first_event_s)),
        Metric("ttft", "time to first token", _single(lambda line: line.first_token_s)),
        Metric("gap", "gap between tokens", lambda line: line.gaps),
        Metric("max_gap", "largest gap", _single(lambda line: line.largest_gap_s)),
        Metric("response", "response time", _single(lambda line: line.response_s)),
        Metric("wait", "wait", _single(lambda line: line.wait_s)),
    )
}
_TIMINGS = {
    "queued": "server: queued",
    "model_first": "server: model's first byte",
    "tools": "server: in tools",
}


@dataclass(frozen=True)
class Rates:
    """Figures of the whole load. `peak` is the largest number of requests that were being answered at once."""

    seconds: float
    answers: int
    failed: int
    tokens: int
    peak: int
    first_token_slope_s: float
    late_s: float  # the longest delay of the check itself before sending

    @property
    def answers_per_s(self) -> float:
        """Complete answers a second."""
        return self.answers / self.seconds if self.seconds else 0.0

    @property
    def tokens_per_s(self) -> float:
        """Tokens of complete answers a second, as the server counts them, or pieces of text."""
        return self.tokens / self.seconds if self.seconds else 0.0


def answered(timelines: Iterable[Timeline]) -> list[Timeline]:
    """Return the requests with a whole answer."""
    return [line for line in timelines if line.done is not None]


def measures(timelines: Sequence[Timeline]) -> dict[str, dict[str, float]]:
    """Return the rows of the table by their titles: percentiles in seconds, empty where there are no values."""
    whole = answered(timelines)
    rows = {
        metric.title: percentiles((value for line in whole for value in metric.values(line)), PERCENTILES)
        for metric in METRICS.values()
    }
    for name, title in _TIMINGS.items():
        values = [line.timings[name] / 1000 for line in whole if name in line.timings]
        if values and (name != "tools" or any(values)):
            rows[title] = percentiles(values, PERCENTILES)
    return rows


def rates(timelines: Sequence[Timeline]) -> Rates:
    """Return the figures of the whole load."""
    whole = answered(timelines)
    starts = [line.start for line in timelines if line.start is not None]
    seconds = max((line.done or 0.0 for line in whole), default=0.0) - min(starts) if whole else 0.0
    in_order = sorted((line for line in whole if line.round == 0), key=lambda line: line.start or 0.0)
    return Rates(
        seconds=seconds,
        answers=len(whole),
        failed=sum(line.failure is not None for line in timelines),
        tokens=sum(line.tokens or len(line.token_times) for line in whole),
        peak=most_at_once((line.turn, line.ended) for line in timelines),
        first_token_slope_s=slope([line.first_token_s or 0.0 for line in in_order]),
        late_s=max((line.late_s or 0.0 for line in timelines), default=0.0),
    )


def most_at_once(spans: Iterable[tuple[float | None, float | None]]) -> int:
    """Return the largest number of spans that overlap. One that ends where another begins does not."""
    changes = sorted(
        change for begin, end in spans if begin is not None and end is not None for change in ((begin, 1), (end, -1))
    )  # at the same time, ends come first
    most = now = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


def errors(timelines: Sequence[Timeline]) -> list[dict[str, Any]]:
    """Return each cause and its count, the most frequent first."""
    failures = [line.failure for line in timelines if line.failure]
    counts = Counter((failure.code, failure.status) for failure in failures)
    messages = {(failure.code, failure.status): failure.message for failure in reversed(failures)}
    return [
        {"code": code, "status": status, "count": count, "message": messages[code, status]}
        for (code, status), count in counts.most_common()
    ]
