"""Judgement on one interval: which delays are caused by the loop's own code."""

from __future__ import annotations

import pytest

from chat.runtime.block_watch.evidence import Interval, judge, late_count_s
from chat.runtime.block_watch.thread_times import Lap

LOCK_WAIT_S = 0.005
ON_TIME = Lap(0, 0, 1)


def waiting(seconds: float) -> Lap:
    """Return what the kernel counts for a thread that waits for the interpreter's lock."""
    return Lap(0, 0, 1 + round(seconds / LOCK_WAIT_S))


CASES = {
    # name: (elapsed, slept, own, loop, same, blocked)
    "it computes": (0.03, 0.03, ON_TIME, Lap(0.03, 0, 1), True, 0.03),
    "it sleeps in a call": (0.03, 0.03, ON_TIME, Lap(0, 0, 0), True, 0.03),
    "it reads again and again": (0.03, 0.03, ON_TIME, Lap(0.001, 0, 100), True, 0.03),
    "it has moved": (0.03, 0.03, ON_TIME, Lap(0.03, 0, 1), False, 0),
    "it waits for a core": (0.03, 0.03, ON_TIME, Lap(0, 0.03, 1), True, 0),
    "it computes for a part": (0.03, 0.03, ON_TIME, Lap(0.01, 0.02, 3), True, 0.01),
    "it waits for the lock": (0.03, 0.03, ON_TIME, Lap(0, 0, 6), True, 0),
    "it computes, the watch waits for a core": (0.23, 0.03, Lap(0, 0.2, 1), Lap(0.23, 0, 1), True, 0.23),
    "it sleeps, the watch waits for a core": (0.23, 0.03, Lap(0, 0.2, 1), Lap(0, 0, 0), True, 0.23),
    "both wait for a core": (0.23, 0.03, Lap(0, 0.2, 1), Lap(0, 0.23, 1), True, 0),
    "the process is stopped": (0.53, 0.03, ON_TIME, Lap(0, 0, 0), True, 0),
    "the process is stopped while it computes": (0.53, 0.03, ON_TIME, Lap(0.01, 0, 1), True, 0),
    "it holds the lock and computes": (0.23, 0.03, waiting(0.2), Lap(0.22, 0, 1), False, 0.2),
    "it goes on to hold the lock": (0.23, 0.03, waiting(0.2), Lap(0.23, 0, 1), True, 0.23),
    "it holds the lock and sleeps": (0.23, 0.03, waiting(0.2), Lap(0, 0, 1), False, 0.2),
    "it holds the lock and waits for a core": (0.23, 0.03, waiting(0.2), Lap(0.01, 0.21, 2), False, 0.02),
    "another thread holds the lock": (0.23, 0.03, waiting(0.2), waiting(0.2), False, 0),
    "others hold the lock in turn": (0.23, 0.03, waiting(0.2), Lap(0, 0, 300), False, 0),
}


@pytest.mark.parametrize("name", CASES)
def test_an_interval(name: str) -> None:
    elapsed, slept, own, loop, same, blocked = CASES[name]
    own_s = judge(Interval(elapsed, slept, own, loop, same), LOCK_WAIT_S).own_s
    assert own_s == pytest.approx(blocked, abs=0.011)


def test_a_wait_for_a_core_is_counted_at_its_end() -> None:
    unseen = Interval(0.1, 0.1, ON_TIME, Lap(0, 0, 0), True)
    seen = Interval(0.02, 0.02, ON_TIME, Lap(0.01, 0.11, 1), False)
    assert judge(unseen, LOCK_WAIT_S).own_s - late_count_s(seen) == pytest.approx(0.0, abs=0.001)
