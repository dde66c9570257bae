"""Find the code that blocks the loop of a gevent worker, by sampling the loop's thread from a native thread.

The loop is blocked when a greenlet runs for `THRESHOLD_S` without giving control back: it computes, or waits in a call
that gevent has not patched. Three delays are not its fault and are not reported: the thread waits for a core, the whole
process is stopped, or another native thread holds the interpreter's lock.

A gthread worker has no loop, and nothing is watched there.
"""

from __future__ import annotations

import datetime
import logging
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from chat.runtime import mode
from chat.runtime.block_places import place
from chat.runtime.loop_probe import LoopProbe
from chat.runtime.thread_clock import Lap, ThreadClock
from config.mode import ASYNC

log = logging.getLogger(__name__)

THRESHOLD_S = 0.1
_INTERVAL_S = 0.02
_LATE_S = 2 * _INTERVAL_S
_KEPT = 20
# CPython waits this long for its lock, then asks the holder to release it, and waits again.
_LOCK_WAIT_S = sys.getswitchinterval()


@dataclass(frozen=True, slots=True)
class Block:
    """One time in which the loop was blocked: when it ended, for how long, and by which code."""

    at: str
    ms: int
    where: str


class BlockWatch:
    """One per worker, started in it after the fork. `report_new` logs; all other work is done in a native thread."""

    def __init__(self, threshold_s: float = THRESHOLD_S) -> None:
        self._threshold_s = threshold_s
        self._recent: deque[Block] = deque(maxlen=_KEPT)
        self._unreported: deque[Block] = deque()
        self._totals: dict[str, tuple[int, float]] = {}
        self._probe: LoopProbe | None = None
        self._stopped = False

    def start(self) -> None:
        """Start to watch the calling thread's loop."""
        if mode.current() is ASYNC:
            self._probe = LoopProbe()
            mode.start_native(self._run, self._probe, ThreadClock(threading.get_native_id()))

    def stop(self) -> None:
        """Stop to watch. The native thread ends with its next sample."""
        self._stopped = True
        if self._probe is not None:
            self._probe.detach()

    def recent(self) -> list[dict[str, Any]]:
        """Return the last blocks as `{"at", "ms", "where"}`, oldest first."""
        return [{"at": block.at, "ms": block.ms, "where": block.where} for block in list(self._recent)]

    def totals(self) -> dict[str, tuple[int, float]]:
        """Return the number of blocks and their seconds by place."""
        return dict(self._totals)

    def report_new(self) -> None:
        """Log the blocks that are new since the last call."""
        while self._unreported:
            block = self._unreported.popleft()
            log.warning("The loop was blocked for %d ms by %s", block.ms, block.where)

    def _run(self, probe: LoopProbe, clock: ThreadClock) -> None:
        sleep = mode.native_sleep()
        sampler = _Sampler(probe, clock, self._threshold_s)
        while not self._stopped:
            sleep(_INTERVAL_S)
            if (ended := sampler.sample()) is not None:
                self._add(*ended)
        sampler.close()

    def _add(self, seconds: float, where: str) -> None:
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        block = Block(at, round(seconds * 1000), where)
        self._recent.append(block)
        self._unreported.append(block)
        count, total_s = self._totals.get(where, (0, 0.0))
        self._totals[where] = (count + 1, total_s + seconds)


class _Sampler:
    """State between two samples of a loop, in the native thread: it must not lock, log or make patched calls."""

    def __init__(self, probe: LoopProbe, clock: ThreadClock, threshold_s: float) -> None:
        self._probe = probe
        self._loop_clock = clock
        self._own_clock = ThreadClock(threading.get_native_id())
        self._threshold_s = threshold_s
        self._where = ""
        self._blocked_s = self._queued_s = 0.0
        self._at = time.monotonic()

    def sample(self) -> tuple[float, str] | None:
        """Take a sample. Return a block that has ended since the last one: its seconds and place."""
        now = time.monotonic()
        elapsed_s, self._at = now - self._at, now
        # Before anything that may let the loop's thread go on.
        where, stuck = self._look(always=elapsed_s > _LATE_S)
        loop, own = self._loop_clock.lap(), self._own_clock.lap()
        own_delay = elapsed_s - own.queued_s > _LATE_S
        held_lock = own_delay and _waited_for_lock(elapsed_s, own) and not _waited_for_lock(elapsed_s, loop)
        ended = None
        if not stuck:
            ended = (self._blocked_s + _INTERVAL_S / 2, self._where) if self._where else None
            self._blocked_s, self._queued_s, self._where = 0.0, 0.0, ""
        if held_lock and where:
            # It held the lock since this thread asked for it, so at the latest since the end of the pause.
            self._add(elapsed_s if stuck else elapsed_s - _INTERVAL_S, loop.queued_s, where)
        elif stuck and not own_delay:  # otherwise the process was stopped, or both threads waited for the lock
            self._add(elapsed_s, loop.queued_s, where)
        return ended

    def close(self) -> None:
        self._loop_clock.close()
        self._own_clock.close()

    def _look(self, *, always: bool) -> tuple[str, bool]:
        frame, stuck = self._probe.look(always=always)
        return ("", False) if frame is None else (place(frame), stuck)

    def _add(self, seconds: float, queued_s: float, where: str) -> None:
        self._blocked_s += seconds
        self._queued_s += queued_s
        # It began before the last sample but one, so it is longer by up to an interval.
        long = self._blocked_s + _INTERVAL_S >= self._threshold_s
        if long and self._blocked_s - self._queued_s >= self._threshold_s / 2:
            self._where = self._where or where


def _waited_for_lock(elapsed_s: float, lap: Lap) -> bool:
    """Return whether a thread waited for the interpreter's lock for most of the time: it wakes up again and again."""
    return lap.switches > (elapsed_s - lap.queued_s - _INTERVAL_S) / _LOCK_WAIT_S / 4 + 1
