"""Concurrent or not, and why: the rule over the signs and the evidence. No input or output here.

A load is sequential if it shows one of the signs of `signs.py`, with two exceptions:

- the check itself was the bottleneck: then its times prove nothing, and there is no verdict;
- turns were accepted at once, and the model explains what was late after that: then the server is concurrent.

The model's part is proven by the same load straight at the model, or by the server's own timings together
with a `/healthz` that was quick throughout: a blocked loop also reads the model's first byte late. Answers that ran
side by side but slowly do not count against a server whose `/healthz` stayed quick.

If even a single user's events are held back on their way, the server's own times are judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.concurrency import causes, signs
from scripts.concurrency.causes import Cause
from scripts.concurrency.evidence import Evidence, model_explains
from scripts.concurrency.figures import answered, errors
from scripts.concurrency.held_back import as_served
from scripts.concurrency.signs import Sign
from scripts.concurrency.timeline import Timeline

CONCURRENT = "✅ TRUE CONCURRENCY: Requests processed in parallel"
SEQUENTIAL = "⚠️ SEQUENTIAL PROCESSING: Requests queued/blocked"

_AFTER_ACCEPTANCE = (signs.WORKED_LATE, signs.ONE_BY_ONE, signs.SLOWED_DOWN)


@dataclass(frozen=True)
class Verdict:
    """`concurrent` is None if nothing can be said. `reason` is a sentence, empty without a sign. Times in seconds."""

    concurrent: bool | None
    total_s: float
    max_response_s: float
    reason: str = ""
    cause: Cause | None = None

    def __str__(self) -> str:
        longer = not self.concurrent and self.total_s > 1.1 * self.max_response_s
        numbers = f"Total time {self.total_s:.1f}s {'>>' if longer else '≈'} Max response {self.max_response_s:.1f}s"
        return f"{CONCURRENT if self.concurrent else SEQUENTIAL}\n   ({numbers})"

    @property
    def word(self) -> str | None:
        """The verdict as one word."""
        return {True: "concurrent", False: "sequential", None: None}[self.concurrent]


def judge(timelines: Sequence[Timeline], evidence: Evidence) -> Verdict:
    """Return the verdict on a load."""
    held_back = evidence.alone is not None and evidence.alone.held_back_s > 0
    if held_back:
        timelines = [as_served(line) for line in timelines]
    failed = errors(timelines)
    whole = answered(timelines)
    if not whole:
        return Verdict(None, 0.0, 0.0, "Nobody got a whole answer.", causes.of_errors(failed, len(timelines)))
    # The server's part: with open arrivals, a start may have waited for a user who was free.
    total_s = max((line.done or 0.0) - ((line.sent if evidence.open_arrivals else line.start) or 0.0) for line in whole)
    response_s = max(line.response_s or 0.0 for line in whole)
    sign = _sign(timelines, evidence)
    concurrent, cause = _weigh(sign, evidence)
    if held_back and concurrent and cause is None:
        cause = causes.of_a_buffer(evidence)
    if failed and concurrent:
        cause = causes.of_errors(failed, len(timelines))
    late_s = max(line.late_s or 0.0 for line in whole)
    if evidence.open_arrivals and concurrent and cause is None and late_s > 0.1 + 0.25 * response_s:
        cause = causes.of_too_few_users(late_s)
    return Verdict(concurrent, total_s, response_s, sign.sentence if sign else "", cause)


def _sign(timelines: Sequence[Timeline], evidence: Evidence) -> Sign | None:
    spare_s = signs.overhead_s(len(timelines), evidence.setup_s, evidence.own.lag_max_s)
    alone = evidence.alone
    return (
        signs.held_up(timelines, spare_s)
        or signs.all_waited(timelines, spare_s)
        or (signs.worked_late(timelines, spare_s, alone) if alone else None)
        or signs.one_by_one(timelines, spare_s)
        or (signs.slowed_down(timelines, spare_s, alone) if alone else None)
    )


def _weigh(sign: Sign | None, evidence: Evidence) -> tuple[bool | None, Cause | None]:
    if evidence.own.is_bottleneck:
        return (None if sign else True), causes.of_the_check(evidence.own)
    if sign is None:
        return True, None
    if sign.kind in _AFTER_ACCEPTANCE and evidence.is_parley:
        if model_explains(evidence, sign.delayed):
            return True, causes.of_the_model(sign, evidence)
        if sign.kind == signs.SLOWED_DOWN and evidence.loop_turned and evidence.straight is None:
            return True, causes.of_probably_the_model(evidence)
    return False, causes.of_the_server(sign, evidence)
