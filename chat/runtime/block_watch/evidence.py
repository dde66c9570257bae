"""Judgement on one interval between two samples: how long the loop's thread was busy with its own code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from chat.runtime.block_watch.thread_times import Lap

# The watching thread wakes up later than this only if it was kept from running.
_LATE_S = 0.02


@dataclass(frozen=True, slots=True)
class Interval:
    """The time since the last sample.

    `slept_s` is how long the watching thread meant to sleep; `own` and `loop` are what the kernel counted for it and
    for the loop's thread. `same`: the loop is where it was at the last sample.
    """

    elapsed_s: float
    slept_s: float
    own: Lap
    loop: Lap
    same: bool


class Evidence(NamedTuple):
    """Seconds in which the loop was seen at one place, and those in which its thread ran, or slept in a call."""

    seen_s: float
    own_s: float


def judge(interval: Interval, lock_wait_s: float) -> Evidence:
    """Return the evidence of one interval.

    `lock_wait_s` is the time after which a thread that waits for the interpreter's lock wakes up.
    """
    late_s = interval.elapsed_s - interval.slept_s - interval.own.queued_s
    # A thread that waits for the lock wakes up again and again. Otherwise it is late because the process did not run.
    held_lock_s = min(late_s, max(0, interval.own.arrivals - 1) * 2 * lock_wait_s) if late_s > _LATE_S else 0.0
    if interval.same:
        seen_s = interval.elapsed_s if late_s <= max(_LATE_S, held_lock_s) else held_lock_s
    else:
        seen_s = held_lock_s
    running_s = min(interval.loop.cpu_s, seen_s)
    asleep_s = max(0.0, interval.elapsed_s - interval.loop.cpu_s - interval.loop.queued_s)
    if _waited_for_lock(interval.loop.arrivals, asleep_s, lock_wait_s, strict=held_lock_s > 0):
        asleep_s = 0.0
    return Evidence(seen_s, min(seen_s, running_s + asleep_s))


def late_count_s(interval: Interval) -> float:
    """Return the seconds of earlier intervals that the loop's thread waited for a core, as it now turns out.

    The kernel counts such a wait at its end. Until then it looked like sleep.
    """
    return max(0.0, interval.loop.cpu_s + interval.loop.queued_s - interval.elapsed_s)


def _waited_for_lock(arrivals: int, asleep_s: float, lock_wait_s: float, *, strict: bool) -> bool:
    """Return whether the loop's thread may have waited for the lock while it slept.

    Such a thread wakes up once every `lock_wait_s`. Code that sleeps or reads wakes up once, or far more often. With
    `strict`, the lock was held for long: far more often is then no exception.
    """
    expected = asleep_s / lock_wait_s
    return arrivals > 0.6 * expected + 1 and (strict or arrivals < 2.5 * expected)
