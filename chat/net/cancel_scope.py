"""Cancellation, deadline and byte limit of one request.

This module knows neither sockets nor their exceptions, apart from the exception class that `receive` is given.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Protocol

from chat.runtime import mode
from chat.runtime.threads import yield_now

# For the response's head, and for the whole body of an error response, which the SDK reads without a limit.
MAX_HEAD_BYTES = 256 * 1024
# A wait is divided into slices, and each slice counts with its nominal length. A process that was stopped, suspended
# or blocked notices the end of a slice late, and has not yet read the data that the model sent meanwhile.
SLICE_S = 1.0
# With a long limit on silence the slices are longer: each costs a turn that waits for its model a wake-up.
_LONG_SLICE_S = 5.0
_SLICES = 12
_FROZEN_S = 0.25
_DAY_S = 24 * 3600.0
# A read that returns sooner did not wait, so no other greenlet has run.
_WAITED_S = 0.001
# Added to the rest of the time, so that the deadline has passed when this time-out wakes the reader.
_LATE_S = 0.01


class Interruptible(Protocol):
    """Target of a scope's cancellation: a connection, or a host name look-up."""

    def interrupt(self, scope: CancelScope) -> None:
        """Wake the thread that blocks here for `scope`; do nothing if another scope has taken over.

        May be called from any thread. Must not raise or block.
        """
        ...


class CancelScope:
    """Cancellation, deadline and byte limit of one request.

    Closing a socket does not wake a thread that is blocked in it; shutting it down does. The scope always knows its
    current socket. So `cancel` also works before the response begins, and never touches a connection that has moved
    on to another request.
    """

    # How often a reader that always finds data lets others run.
    yield_every_s = 0.01

    def __init__(
        self,
        deadline: float,
        silence_s: float = math.inf,
        turn: object = None,
        max_bytes: int = MAX_HEAD_BYTES,
    ) -> None:
        """Set the limits.

        `deadline`, on the clock of `time.monotonic()`, ends every wait of this scope with a time-out. `silence_s`
        bounds the sum of all waits before `head_received`, and between two calls of `note_progress`, whatever bytes
        arrive meanwhile. `turn` identifies the request's turn; it is only compared. `max_bytes` bounds all bytes before
        `head_received`, which a caller may leave out to bound the whole response.
        """
        self.may_batch_reads = False
        # How long the last call of `receive` waited.
        self.waited_s = 0.0
        self.turn = turn
        self._silence_s = self._silence_left_s = silence_s
        self._slice_s = min(max(SLICE_S, silence_s / _SLICES), _LONG_SLICE_S)
        self._yielded_at = 0.0
        self._returned_at = math.inf
        self._deadline = deadline
        self._end_at = math.inf
        # A native lock: nothing yields while it is held.
        self._lock = mode.native_lock()
        self._target: Interruptible | None = None
        self._cancelled = False
        self._bytes_left: int | None = max_bytes

    def cancel(self) -> None:
        """End this scope's blocking calls at once, present and future. From any thread; idempotent."""
        with self._lock:
            self._cancelled = True
            target = self._target
        if target is not None:
            target.interrupt(self)

    def end_within(self, seconds: float | None) -> None:
        """Bring the deadline nearer, because only the response's end is missing. None restores the deadline."""
        if seconds is None:
            self._end_at = math.inf
        else:
            self._end_at = time.monotonic() + seconds
            self.may_batch_reads = False

    def head_received(self) -> None:
        """Lift the limit on bytes: the response's body has no limit here."""
        self._bytes_left = None
        self.note_progress()

    def note_progress(self) -> None:
        """Restart the limit on silence: a part of an answer has arrived, not only bytes."""
        self._silence_left_s = self._silence_s

    def allow_read_batching(self) -> None:
        """Set `may_batch_reads`: the first text has arrived, so later reads may be delayed and batched."""
        self.may_batch_reads = True

    def pause(self, seconds: float) -> None:
        """Sleep, at most until the deadline. Others run meanwhile, so the next read need not let them run again."""
        time.sleep(min(seconds, self.remaining_s()))
        self._yielded_at = time.monotonic()

    def attach(self, target: Interruptible) -> None:
        """Make `target` the operation that `cancel` interrupts."""
        with self._lock:
            self._target = target
            cancelled = self._cancelled
        if cancelled:
            target.interrupt(self)

    def remaining_s(self) -> float:
        """Return the seconds until the deadline: 0 once it has passed or the scope is cancelled."""
        return 0.0 if self._cancelled else max(0.0, min(self._deadline, self._end_at) - time.monotonic())

    def wait_timeout_s(self, timeout_s: float | None) -> float | None:
        """Return `timeout_s` limited by the deadline, or None if no further wait is allowed."""
        left_s = self._until_deadline_s(time.monotonic())
        if left_s == 0.0:
            return None
        return left_s if timeout_s is None else min(timeout_s, left_s)

    def receive(
        self, timeout_s: float | None, receive: Callable[[float], bytes], timeout_error: type[Exception]
    ) -> bytes:
        """Return the result of `receive(seconds)`, which raises `timeout_error` if nothing arrives in time.

        Raises `timeout_error` after `timeout_s` without data, or when the limit on silence is reached. The time for
        which this process stood still does not count. Yields to other greenlets when data is always available.
        """
        entered_at = now = time.monotonic()
        # Where data is always available, all the time passes between the reads.
        if now > self._returned_at:
            self._silence_left_s -= min(now - self._returned_at, SLICE_S)
        left_s = self._silence_left_s if timeout_s is None else min(timeout_s, self._silence_left_s)
        while True:
            slice_s = min(left_s, self._slice_s, self._until_deadline_s(now))
            if slice_s <= 0.0:
                raise timeout_error("the time for this request is over")
            began_at = now
            try:
                data = receive(slice_s)
            except timeout_error:
                now = time.monotonic()
                left_s = self._left_after(left_s, slice_s, now - began_at)
                if left_s <= 0.0:
                    raise
                continue
            self._received(began_at, slice_s)
            self.waited_s = self._returned_at - entered_at
            return data

    def _until_deadline_s(self, now: float) -> float:
        """Return for how long a wait may last: 0 if none is allowed any more."""
        left_s = min(self._deadline, self._end_at) - now
        return 0.0 if self._cancelled or left_s <= 0.0 else left_s + _LATE_S

    def _left_after(self, left_s: float, slice_s: float, took_s: float) -> float:
        self._silence_left_s -= slice_s
        left_s -= slice_s
        # Late: look once more for data that arrived meanwhile.
        return max(left_s, SLICE_S) if took_s > slice_s + _FROZEN_S else left_s

    def _received(self, began_at: float, slice_s: float) -> None:
        now = self._returned_at = time.monotonic()
        waited_s = now - began_at
        if waited_s >= _WAITED_S:
            self._yielded_at = now
            self._silence_left_s -= min(waited_s, slice_s)
        elif now - self._yielded_at > self.yield_every_s:
            self.let_others_run()
            self._yielded_at = time.monotonic()

    def let_others_run(self) -> None:
        """Yield to other greenlets."""
        yield_now()

    def exceeds_byte_limit(self, received: int) -> bool:
        """Count received bytes. Return whether there are more than `max_bytes`."""
        if self._bytes_left is None:
            return False
        self._bytes_left -= received
        return self._bytes_left < 0


_current: ContextVar[CancelScope | None] = ContextVar("current_scope", default=None)


@contextlib.contextmanager
def use_scope(scope: CancelScope) -> Iterator[None]:
    """Send the block's requests under `scope`. Their responses may be read after the block."""
    token = _current.set(scope)
    try:
        yield
    finally:
        _current.reset(token)


def unlimited_scope() -> CancelScope:
    """Return a scope without a limit on bytes, which ends after a day. The parser limits the head all the same."""
    scope = CancelScope(time.monotonic() + _DAY_S)  # sockets do not accept infinity
    scope.head_received()
    return scope


def current_scope() -> CancelScope | None:
    """Return the scope in effect, if there is one."""
    return _current.get()
