"""Signs that requests did not run side by side, on their timelines alone. No input or output here.

Each function returns a Sign, or None. Times count from sending here, not from the intended start: the check's own
delay is not the server's.

`held_up`        turns began only after others had ended: the fifth user of four threads, the 33rd of 32.
`all_waited`     the total is much longer than the longest response: everyone waited before their turn.
`worked_late`    turns were accepted at once, but the work began only when others had ended: a queue behind the server's
                 door, in it or at the model.
`one_by_one`     the same, seen without a baseline: in every worker strictly one answer after another.
`slowed_down`    answers ran side by side, but each took far longer than for one user alone: something serves them in
                 slices, such as a blocked event loop.

A wait counts only if it is more than a quarter of the usual (median) response, and more than the overhead explains:
what the same server took for the same number of users before the start (an identity and a conversation each, no model),
doubled, though at most 20 ms a user; plus 0.1 s and the longest delay of the check itself.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from scripts.concurrency.estimates import slope
from scripts.concurrency.evidence import Alone
from scripts.concurrency.figures import answered, most_at_once
from scripts.concurrency.timeline import Timeline

_MUCH_LONGER = 1.5  # the total against the longest response, an answer against one alone
_WORTH_THE_NAME = 0.25  # a wait against the usual response
_LATE_SHARE = 0.05  # fewer late answers than this are the model's variation
_JITTER_S = 0.02  # two events so close may have been read in the other order
_IN_A_ROW = 3  # answers of one worker, before their order counts as a queue
_BUSY = 0.25  # the part of the time in which work is seen, below which nothing can be concluded from its order

HELD_UP, ALL_WAITED, WORKED_LATE, ONE_BY_ONE, SLOWED_DOWN = (
    *("held_up", "all_waited", "worked_late", "one_by_one"),
    "slowed_down",
)


@dataclass(frozen=True)
class Sign:
    """A sign, a sentence about it, and the requests that show it. `at_once`: so many were served side by side."""

    kind: str
    sentence: str
    delayed: tuple[Timeline, ...]
    at_once: int
    workers: int
    per_worker: int
    growth_s: float  # of the first token, from one user served to the next


def overhead_s(users: int, setup_s: float, lag_s: float = 0.0) -> float:
    """Return the time that the run may take for other things than answers. `lag_s` is the check's own delay."""
    return 0.1 + min(2 * setup_s, 0.02 * users) + lag_s


def held_up(timelines: Sequence[Timeline], spare_s: float) -> Sign | None:
    whole = answered(timelines)
    worth_s = max(spare_s, _WORTH_THE_NAME * _usual_s(whole))
    # A refused turn (503) had no slot that it could release.
    first_end = min(line.ended for line in timelines if line.turn is not None and line.ended is not None)
    late = [line for line in whole if (line.turn or 0.0) > first_end - _JITTER_S and _wait_s(line) > worth_s]
    if not late:
        return None
    longest = max(map(_wait_s, late))
    sentence = (
        f"{len(late)} of {len(whole)} turns began only after another had ended; the longest wait was {longest:.1f}s."
    )
    return _sign(HELD_UP, sentence, late, [(line.turn, line.ended) for line in timelines], whole)


def all_waited(timelines: Sequence[Timeline], spare_s: float) -> Sign | None:
    whole = answered(timelines)
    total = max((line.done or 0.0) - (line.sent or 0.0) for line in whole)
    longest = max(line.response_s or 0.0 for line in whole)
    if total <= _MUCH_LONGER * longest + spare_s:
        return None
    sentence = "The turns began late, though not after one another: was the server busy with something else?"
    return _sign(ALL_WAITED, sentence, whole, [(line.turn, line.ended) for line in timelines], whole)


def worked_late(timelines: Sequence[Timeline], spare_s: float, alone: Alone) -> Sign | None:
    whole = [line for line in answered(timelines) if line.turn is not None and line.worked is not None]
    ends = sorted(line.done or 0.0 for line in whole)
    late_s = alone.first_token_s + max(spare_s, 0.5 * alone.total_s)
    late = [line for line in whole if _delay_s(line) > late_s and _follows_an_end(line, ends, alone, spare_s)]
    working = most_at_once((line.worked, line.done) for line in whole)
    if len(late) < max(1, _LATE_SHARE * len(whole)) or working >= len(whole):
        return None
    sentence = (
        f"Every turn was accepted at once, but {len(late)} of {len(whole)} were worked on only after others had ended; "
        f"the last began after {max(map(_delay_s, late)):.1f}s."
    )
    return _sign(WORKED_LATE, sentence, late, [(line.worked, line.done) for line in whole], whole)


def one_by_one(timelines: Sequence[Timeline], spare_s: float) -> Sign | None:
    by_worker: dict[str, list[_Span]] = defaultdict(list)
    whole = answered(timelines)
    for line in whole:
        if line.turn is not None and line.worked is not None and line.done is not None:
            by_worker[str(line.about.get("worker"))].append(_Span(line.worked, line.turn, line.done))
    lines = [sorted(spans) for spans in by_worker.values()]
    longest = max(lines, key=len, default=[])
    if len(longest) < _IN_A_ROW or not all(map(_in_single_file, lines)):
        return None
    seen_s = sum(span.done - span.worked for span in longest)
    waited_s = max(span.worked - span.turn for span in longest)
    if seen_s < _BUSY * (longest[-1].done - longest[0].turn) or waited_s <= spare_s:
        return None
    sentence = (
        "Every turn was accepted at once, but the answers were worked on one after another: "
        f"the last of {len(longest)} in one worker began after {longest[-1].worked - longest[-1].turn:.1f}s."
    )
    late = sorted(whole, key=_delay_s)[1:]
    return _sign(ONE_BY_ONE, sentence, late, [(line.worked, line.done) for line in whole], whole)


def slowed_down(timelines: Sequence[Timeline], spare_s: float, alone: Alone) -> Sign | None:
    whole = answered(timelines)
    expected = statistics.median(map(alone.expected_s, whole))
    median_s = statistics.median((line.done or 0.0) - (line.sent or 0.0) for line in whole)
    if median_s <= _MUCH_LONGER * expected + spare_s:
        return None
    sentence = (
        f"The answers ran side by side, but took {median_s / expected:.1f} times as long as for one user alone "
        f"({median_s:.1f}s against {expected:.1f}s)."
    )
    return _sign(SLOWED_DOWN, sentence, whole, [(line.turn, line.ended) for line in timelines], whole)


def _sign(
    kind: str,
    sentence: str,
    late: list[Timeline],
    spans: list[tuple[float | None, float | None]],
    whole: list[Timeline],
) -> Sign:
    workers = defaultdict(list)
    for line in whole:
        workers[str(line.about.get("worker"))].append((line.turn, line.ended))
    firsts = sorted((line.first_token or 0.0) - (line.sent or 0.0) for line in whole)
    return Sign(
        kind=kind,
        sentence=sentence,
        delayed=tuple(late),
        at_once=most_at_once(spans),
        workers=len(workers),
        per_worker=max((most_at_once(served) for served in workers.values()), default=0),
        growth_s=slope(firsts),
    )


def _usual_s(whole: Sequence[Timeline]) -> float:
    return statistics.median(line.response_s or 0.0 for line in whole)


def _wait_s(line: Timeline) -> float:
    return line.first_event_s or 0.0


def _delay_s(line: Timeline) -> float:
    return (line.worked or 0.0) - (line.turn or 0.0)


def _follows_an_end(line: Timeline, ends: Sequence[float], alone: Alone, spare_s: float) -> bool:
    """Return whether an answer ended while this one waited, and this one began soon after."""
    worked, turn = line.worked or 0.0, line.turn or 0.0
    before = [end for end in ends if turn < end < worked + _JITTER_S]
    return bool(before) and worked - before[-1] < 1.5 * alone.first_token_s + spare_s


class _Span(NamedTuple):
    """A turn: its first sign of work, the earliest possible time of it, and its end."""

    worked: float
    turn: float
    done: float


def _in_single_file(spans: Sequence[_Span]) -> bool:
    """Return whether each turn came before the one ahead of it was done, and yet began only then."""
    return all(
        later.turn < earlier.done and later.worked > earlier.done - _JITTER_S for earlier, later in pairwise(spans)
    )
