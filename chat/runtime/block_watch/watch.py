"""The watch itself: a native thread that samples the loop, and the record of what it has found."""

from __future__ import annotations

import datetime
import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from chat.runtime import mode
from chat.runtime.block_watch.evidence import Interval, judge, late_count_s
from chat.runtime.block_watch.loop_view import LoopView
from chat.runtime.block_watch.places import Stack, common
from chat.runtime.block_watch.thread_times import StolenTime, ThreadTimes, lock_wait_s
from config.mode import ASYNC

log = logging.getLogger(__name__)

# The loop is blocked if it has not turned for this long, and its own code took so much of that.
THRESHOLD_S = 0.1
_OWN_S = 0.06
_PAUSE_S = 0.03
_SHORT_PAUSE_S = 0.02
# Of a long block, a few samples per second are enough.
_LONG_S = 2.0
_LONG_PAUSE_S = 0.25
_RECENT = 20
_PLACES = 100
OTHER_PLACES = "other places"
_LOG_EVERY_S = 60.0


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which the loop was blocked: its begin, its length, and the file, line and function that held it."""

    at: str
    ms: int
    where: str


class BlockTotal(NamedTuple):
    """All blocks at one place since the start of the worker."""

    blocks: int
    seconds: float


class BlockWatch:
    """One per worker. `start` and `report_new` are called in the loop's thread, all other work is the watch's own.

    `recent` is for reports and `totals` for metrics. Both are empty in a gthread worker, which has no loop.
    """

    def __init__(self) -> None:
        self._recent: deque[Block] = deque(maxlen=_RECENT)
        self._unreported: deque[Block] = deque(maxlen=1000)
        self._totals: dict[str, BlockTotal] = {}
        self._logged: dict[str, _Logged] = {}
        self._view: LoopView | None = None
        self._stopped = False

    def start(self) -> None:
        """Start watching the calling thread's loop."""
        if mode.current() is ASYNC and self._view is None:
            times = ThreadTimes(threading.get_native_id())
            if not times.available:
                times.close()
                log.debug("This kernel does not report times of threads, so blocked loops are not watched")
                return
            self._view = LoopView()
            mode.start_native(self._run, self._view, times)

    def stop(self) -> None:
        """Stop watching. The native thread ends with its next sample."""
        self._stopped = True
        if self._view is not None:
            self._view.detach()
            self._view = None

    def recent(self) -> list[Block]:
        """Return the last blocks, the oldest first."""
        return list(self._recent)

    def totals(self) -> dict[str, BlockTotal]:
        """Return the number and the seconds of blocks by place. Past a hundred places, `OTHER_PLACES` has the rest."""
        return dict(self._totals)

    def report_new(self) -> None:
        """Log the blocks that are new since the last call, each place at most once a minute."""
        if self._view is not None:
            self._view.release()
        while self._unreported:
            block = self._unreported.popleft()
            place = self._logged.setdefault(self._key(block.where, self._logged), _Logged())
            if sentence := place.add(block, time.monotonic()):
                log.warning("%s", sentence)

    def _run(self, view: LoopView, times: ThreadTimes) -> None:
        sleep = mode.native_sleep()
        sampler = _Sampler(view, times)
        while not self._stopped:
            sleep(sampler.pause_s)
            if (ended := sampler.sample()) is not None:
                self._add(*ended)
        sampler.close()

    def _add(self, seconds: float, where: str) -> None:
        began_at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds)
        at = began_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        block = Block(at=at, ms=round(seconds * 1000), where=where)
        self._recent.append(block)
        self._unreported.append(block)
        key = self._key(where, self._totals)
        before = self._totals.get(key, BlockTotal(0, 0.0))
        self._totals[key] = BlockTotal(before.blocks + 1, before.seconds + seconds)

    @staticmethod
    def _key(where: str, known: Mapping[str, object]) -> str:
        return where if where in known or len(known) < _PLACES else OTHER_PLACES


class _Logged:
    """Reports about one place: those in the log, and those still to be written."""

    def __init__(self) -> None:
        self._at = float("-inf")
        self._count = 0
        self._ms = 0

    def add(self, block: Block, now: float) -> str:
        """Return the sentence to log, or "" if the last one is too young."""
        self._count += 1
        self._ms += block.ms
        if now - self._at < _LOG_EVERY_S:
            return ""
        count, total_ms = self._count, self._ms
        self._at, self._count, self._ms = now, 0, 0
        if count == 1:
            return f"The loop was blocked for {block.ms} ms by {block.where}"
        return f"The loop was blocked {count} times, for {total_ms} ms together, by {block.where}"


class _Sampler:
    """State between two samples of a loop, in the native thread: it must not lock, log or make patched calls."""

    def __init__(self, view: LoopView, times: ThreadTimes) -> None:
        self._view = view
        self._loop_times = times
        self._own_times = ThreadTimes(threading.get_native_id())
        self._stolen = StolenTime()
        self._lock_wait_s = lock_wait_s()
        self._stacks: list[tuple[Stack, float]] = []
        self._seen_s = 0.0
        self._own_s = 0.0
        self._at = time.monotonic()
        self.pause_s = _PAUSE_S

    def sample(self) -> tuple[float, str] | None:
        """Take a sample after a pause of `pause_s`. Return a block that has ended: its seconds and place."""
        now = time.monotonic()
        elapsed_s, self._at = now - self._at, now
        # Nothing here releases the interpreter's lock before the stack is seen.
        look = self._view.look()
        interval = Interval(elapsed_s, self.pause_s, self._own_times.lap(), self._loop_times.lap(), look.same)
        self._own_s -= late_count_s(interval)
        ended = None if look.same else self._end()
        self.pause_s = _SHORT_PAUSE_S if look.same else _PAUSE_S
        evidence = judge(interval, self._lock_wait_s)
        if look.frames is not None and evidence.seen_s:
            self._seen_s += evidence.seen_s
            self._own_s += evidence.own_s
            self._stacks.append((self._view.stack(look), evidence.seen_s))
            if self._seen_s > _LONG_S:
                self.pause_s = _LONG_PAUSE_S
        elif not look.same:
            self._stolen.mark(now)
        return ended

    def close(self) -> None:
        self._loop_times.close()
        self._own_times.close()
        self._stolen.close()

    def _end(self) -> tuple[float, str] | None:
        """End the block that may have gone on until now. Return it if it was long enough."""
        stacks, self._stacks = self._stacks, []
        seen_s, self._seen_s = self._seen_s, 0.0
        own_s, self._own_s = self._own_s, 0.0
        if seen_s < THRESHOLD_S or own_s < _OWN_S or own_s - self._stolen.since_mark_s() < _OWN_S:
            return None
        # It began and ended between two samples.
        return seen_s + _PAUSE_S, common(stacks)
