"""Concurrent or not: the rule, on what the users saw. No input or output here.

Two numbers are compared: the total time (the longest that any user needed from sending to `done`, which is the
length of the run, since all send at once) and the longest response (from `turn` to `done`). Where nobody waits for
anybody they are nearly the same; where one has to wait until another is done, the wait comes on top. The numbers
alone would mislead, though, so the verdict is SEQUENTIAL in three cases and no other:

1. Somebody's turn began only after somebody else's had ended, and the wait was worth the name: more than a quarter of
   the usual (median) response, and more than the overhead explains. That finds the fifth user of four threads, and
   the 33rd of 32, also where answers differ so much in length that the total is hardly longer than the longest.
2. The total is more than one and a half times the longest response, overhead put aside: everybody waited, perhaps for
   somebody who is not of this test. With one user this is all that can be seen.
3. Every turn was accepted at once, but in every worker the answers were worked on strictly one after another, three
   or more of them, as when one of them blocks the worker. The responses contain the queueing then, and the total is no
   longer than the longest of them: the second line of the verdict says so, with `≈`.

Overhead is what the same server took for the same number of users before the start (an identity and a conversation
each, no model), doubled, though at most 20 ms a user; plus 0.1 s. So ten users of a demo that answers within 0.1 s
are concurrent even if fixed costs double their time, and ten in single file are not.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from scripts.concurrency.timeline import Timeline

CONCURRENT = "✅ TRUE CONCURRENCY: Requests processed in parallel"
SEQUENTIAL = "⚠️ SEQUENTIAL PROCESSING: Requests queued/blocked"

_MUCH_LONGER = 1.5  # the total against the longest response
_WORTH_THE_NAME = 0.25  # a wait against the usual response
_JITTER_S = 0.02  # two events so close may have been read in the other order
_IN_A_ROW = 3  # answers of one worker, before their order is called a queue
_BUSY = 0.25  # the part of the time in which work is seen, below which nothing can be said of its order


@dataclass(frozen=True)
class Verdict:
    """`reason` is a sentence, empty when concurrent. Times in seconds."""

    concurrent: bool
    total_s: float
    max_response_s: float
    reason: str

    def __str__(self) -> str:
        longer = not self.concurrent and self.total_s > 1.1 * self.max_response_s
        numbers = f"Total time {self.total_s:.1f}s {'>>' if longer else '≈'} Max response {self.max_response_s:.1f}s"
        return f"{CONCURRENT if self.concurrent else SEQUENTIAL}\n   ({numbers})"


def judge(timelines: Sequence[Timeline], setup_s: float) -> Verdict | None:
    """Return the verdict on the users with complete answers; None if there are none. `setup_s`: see above."""
    answered = [each for each in timelines if each.done is not None]
    if not answered:
        return None
    total_s = max(each.total_s or 0.0 for each in answered)
    response_s = max(each.response_s or 0.0 for each in answered)
    overhead_s = 0.1 + min(2 * setup_s, 0.02 * len(timelines))
    reason = (
        _held_up(timelines, answered, overhead_s)
        or _all_waited(total_s, response_s, overhead_s)
        or _one_after_another(answered)
    )
    return Verdict(not reason, total_s, response_s, reason)


def _held_up(timelines: Sequence[Timeline], answered: Sequence[Timeline], overhead_s: float) -> str:
    usual_s = statistics.median(each.response_s or 0.0 for each in answered)
    worth_s = max(overhead_s, _WORTH_THE_NAME * usual_s)
    # A refused turn (503) had no place that it could have made free.
    first_end = min(each.ended for each in timelines if each.turn is not None and each.ended is not None)
    waits = [
        each.wait_s
        for each in answered
        if each.turn is not None and each.turn > first_end - _JITTER_S and (each.wait_s or 0.0) > worth_s
    ]
    if not waits:
        return ""
    return (
        f"{len(waits)} of {len(answered)} turns began only after another had ended; "
        f"the longest wait was {max(filter(None, waits)):.1f}s."
    )


def _all_waited(total_s: float, response_s: float, overhead_s: float) -> str:
    if total_s <= _MUCH_LONGER * response_s + overhead_s:
        return ""
    return "The turns began late, though not after one another: was the server busy with something else?"


def _one_after_another(answered: Sequence[Timeline]) -> str:
    by_worker: dict[str, list[_Span]] = defaultdict(list)
    for each in answered:
        if each.turn is not None and each.worked is not None and each.done is not None:
            by_worker[str(each.about.get("worker"))].append(_Span(each.worked, each.turn, each.done))
    lines = [sorted(spans) for spans in by_worker.values()]
    longest = max(lines, key=len, default=[])
    if len(longest) < _IN_A_ROW or not all(map(_in_single_file, lines)):
        return ""
    seen_s = sum(span.done - span.worked for span in longest)
    if seen_s < _BUSY * (longest[-1].done - longest[0].turn):
        return ""
    return (
        "Every turn was accepted at once, but the answers were worked on one after another: "
        f"the last of {len(longest)} in one worker began after {longest[-1].worked - longest[-1].turn:.1f}s."
    )


class _Span(NamedTuple):
    """Return when a turn showed the first sign of work, and the earliest possible time of it."""

    worked: float
    turn: float
    done: float


def _in_single_file(spans: Sequence[_Span]) -> bool:
    """Return whether each turn came before the one ahead of it was done, and yet began only then."""
    return all(
        later.turn < earlier.done and later.worked > earlier.done - _JITTER_S for earlier, later in pairwise(spans)
    )
