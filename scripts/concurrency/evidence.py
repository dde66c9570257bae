"""Evidence for the verdict besides the load's own timelines."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scripts.concurrency.event_loop import OwnLoad
from scripts.concurrency.figures import answered, most_at_once, rates
from scripts.concurrency.held_back import as_served, held_back_s
from scripts.concurrency.probe import Answers
from scripts.concurrency.timeline import Timeline

_SLOW_PROBE_S, _SLOWER = 0.1, 5.0
_LAGGING_MS = 200.0
_FEW_PROBES = 3


@dataclass(frozen=True)
class Alone:
    """The answer to a single user. Times in seconds; `size` in bytes of text."""

    first_token_s: float
    total_s: float
    size: int
    tokens: int | None
    model_first_s: float | None
    held_back_s: float = 0.0  # see `held_back.py`

    def expected_s(self, line: Timeline) -> float:
        """Return how long a request's answer would have taken alone, from its length."""
        if line.tokens and self.tokens:
            longer = line.tokens / self.tokens
        else:
            longer = line.size / self.size if self.size else 1.0
        return self.first_token_s + (self.total_s - self.first_token_s) * min(5.0, max(0.2, longer))


def alone(timelines: Sequence[Timeline]) -> Alone | None:
    """Return the first whole answer of a baseline, or None if there is none."""
    for arrived in answered(timelines):
        line = as_served(arrived)
        first = (line.first_token or 0.0) - (line.sent or 0.0)
        total = (line.done or 0.0) - (line.sent or 0.0)
        return Alone(first, total, line.size, line.tokens, _model_first_s(line), held_back_s(arrived))
    return None


@dataclass(frozen=True)
class StraightToModel:
    """The same load at the model itself: growth from one user alone to all, in seconds."""

    first_growth_s: float
    total_growth_s: float
    total_alone_s: float
    slope_s: float
    working: int
    failed: int

    @property
    def slowed(self) -> bool:
        """Return whether the model itself made its users wait."""
        return self.total_growth_s > 0.3 * self.total_alone_s + 0.1


def straight_to_model(baseline: Alone | None, timelines: Sequence[Timeline]) -> StraightToModel | None:
    """Return the figures of a load on the model, or None without whole answers."""
    whole = answered(timelines)
    if baseline is None or not whole:
        return None
    first = [(line.first_token or 0.0) - (line.sent or 0.0) for line in whole]
    total = [(line.done or 0.0) - (line.sent or 0.0) for line in whole]
    return StraightToModel(
        first_growth_s=max(first) - baseline.first_token_s,
        total_growth_s=max(total) - baseline.total_s,
        total_alone_s=baseline.total_s,
        slope_s=rates(timelines).first_token_slope_s,
        working=most_at_once((line.worked, line.done) for line in whole),
        failed=len(timelines) - len(whole),
    )


@dataclass(frozen=True)
class Evidence:
    """All evidence of a run. Without any, the verdict depends on the timelines alone."""

    setup_s: float = 0.0
    mode: str = ""
    is_parley: bool = True
    open_arrivals: bool = False  # starts come on time, whether a user is free or not
    alone: Alone | None = None
    straight: StraightToModel | None = None
    probe_before: Mapping[str, Answers] = field(default_factory=dict)
    probe: Mapping[str, Answers] = field(default_factory=dict)
    own: OwnLoad = field(default_factory=OwnLoad)
    loop_lag_ms: float = 0.0
    blocked: tuple[str, ...] = ()

    @property
    def slow_probe(self) -> str:
        """The path that was slow during the load and quick before it, or ""."""
        for path, answers in self.probe.items():
            slow_s = answers.figures().get("p95", 0.0)
            before_s = self.probe_before[path].figures().get("p50", 0.0) if path in self.probe_before else 0.0
            if slow_s > max(_SLOW_PROBE_S, _SLOWER * before_s):
                return path
        return ""

    @property
    def loop_turned(self) -> bool:
        """Return whether there is proof that no event loop was blocked: `/healthz` always answered quickly."""
        health = self.probe.get("/healthz")
        known = health is not None and health.counts and len(health.seconds) >= _FEW_PROBES
        return known and not self.slow_probe and not self.lagged

    @property
    def lagged(self) -> bool:
        """Return whether the server reports a blocked loop."""
        return self.loop_lag_ms > _LAGGING_MS or bool(self.blocked)


def model_explains(evidence: Evidence, delayed: Sequence[Timeline]) -> bool:
    """Return whether the model made these requests late: proven by a load on it, or by the server's own timings."""
    if not delayed or evidence.alone is None:
        return False
    growth = statistics.median((line.done or 0.0) - (line.sent or 0.0) for line in delayed) - evidence.alone.total_s
    if evidence.straight is not None:
        calls = statistics.median(line.model_calls for line in delayed)
        return evidence.straight.slowed and growth <= 1.5 * calls * evidence.straight.total_growth_s + 0.1
    model = [seconds for line in delayed if (seconds := _model_first_s(line)) is not None]
    if not model or evidence.alone.model_first_s is None or not evidence.loop_turned:
        return False
    first = statistics.median((line.first_token or 0.0) - (line.sent or 0.0) for line in delayed)
    first_growth = first - evidence.alone.first_token_s
    return statistics.median(model) - evidence.alone.model_first_s >= 0.7 * first_growth > 0


def _model_first_s(line: Timeline) -> float | None:
    milliseconds = line.timings.get("model_first")
    return None if milliseconds is None else milliseconds / 1000
