"""One request's hold on the connection that it uses: hanging up from another thread, a deadline, a limit on bytes.

Both transports obey it; neither's sockets or exceptions are known here, apart from the one that `receive` is given.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Protocol

from chat.runtime.threads import breathe

# The answer's head, and the whole body of an answer that is an error, which the SDK reads without a limit.
MAX_HEAD_BYTES = 256 * 1024
# A wait is made of slices, and each counts as what it was meant to last: a process that was stopped, suspended or
# blocked finds out late that a slice is over, and what the model sent meanwhile has not been read yet.
SLICE_S = 1.0
_FROZEN_S = 0.25
# A read that returns sooner did not wait, so it let no other greenlet run.
_WAITED_S = 0.001
_YIELD_EVERY_S = 0.01


class Plug(Protocol):
    """What a line is plugged into at the moment: a connection, or the search for one."""

    def shut(self, line: Line) -> None:
        """Wake whoever waits here on behalf of `line`, if it is still its. From any thread; must not raise or block."""
        ...


class Line:
    """One request's hold on the connection that it uses.

    Closing a socket does not wake a thread that is blocked in it; shutting it down does. The `Line` knows
    at every moment which socket that is, so `hang_up` works before the answer begins too, and never touches
    a connection that went on to another request.
    """

    def __init__(self, deadline: float, silence_s: float = math.inf, turn: object = None) -> None:
        """`deadline`, on the clock of `time.monotonic()`, ends every wait on this line with a time-out.

        `silence_s` bounds all waits before `head_arrived` together, and those between two calls of `answer_goes_on`,
        whatever bytes drip in meanwhile. `turn` is whose request this is, for comparison only.
        """
        self.gathers = False
        self.turn = turn
        self._silence_s = self._silence_left_s = silence_s
        self._yielded_at = 0.0
        self._returned_at = math.inf
        self._deadline = deadline
        self._end_at = math.inf
        self._lock = threading.Lock()
        self._plug: Plug | None = None
        self._hung_up = False
        self._head_bytes_left: int | None = MAX_HEAD_BYTES

    def hang_up(self) -> None:
        """Make whatever blocks on this line return at once, now and later. From any thread, any number of times."""
        with self._lock:
            self._hung_up = True
            plug = self._plug
        if plug is not None:
            plug.shut(self)

    def end_within(self, seconds: float | None) -> None:
        """Bring the deadline nearer: the end is all that is waited for. None: it is not, after all."""
        if seconds is None:
            self._end_at = math.inf
        else:
            self._end_at = time.monotonic() + seconds
            self.gathers = False

    def head_arrived(self) -> None:
        """What comes now is an answer, and may be as long as it likes."""
        self._head_bytes_left = None
        self.answer_goes_on()

    def answer_goes_on(self) -> None:
        """End a silence: what came is a part of an answer, and not only bytes."""
        self._silence_left_s = self._silence_s

    def words_arrived(self) -> None:
        """Somebody reads already: from now on `gathers` allows to read now and then instead of at each arrival."""
        self.gathers = True

    def take(self, plug: Plug) -> None:
        """From now on `plug` is what `hang_up` shuts."""
        with self._lock:
            self._plug = plug
            hung_up = self._hung_up
        if hung_up:
            plug.shut(self)

    def left_s(self) -> float:
        """How long may still be waited: 0 once the deadline has passed or somebody hung up."""
        return 0.0 if self._hung_up else max(0.0, min(self._deadline, self._end_at) - time.monotonic())

    def wait_s(self, timeout_s: float | None) -> float | None:
        """How long one wait may last that by itself would last `timeout_s`, or None where none is allowed any more."""
        left_s = self.left_s()
        if left_s == 0.0:
            return None
        # A moment longer than what is left: who is woken by this time-out finds the deadline passed.
        left_s += 0.01
        return left_s if timeout_s is None else min(timeout_s, left_s)

    def receive(self, timeout_s: float | None, receive: Callable[[float], bytes], silence: type[Exception]) -> bytes:
        """Return what `receive(seconds)` returns; it raises `silence` when nothing came within these seconds.

        Raises `silence` after `timeout_s` without anything, or the time for silence, not counting the time for which
        this process stood still. Lets other greenlets run now and then when there is always something to read.
        """
        # Where there is always something to read, all the time passes between the reads.
        self._silence_left_s -= min(max(0.0, time.monotonic() - self._returned_at), SLICE_S)
        left_s = min(math.inf if timeout_s is None else timeout_s, self._silence_left_s)
        while True:
            slice_s = self.wait_s(min(left_s, SLICE_S))
            if slice_s is None or slice_s <= 0.0:
                raise silence("the time for this request is over")
            began = time.monotonic()
            try:
                data = receive(slice_s)
            except silence:
                left_s = self._left_after(left_s, slice_s, time.monotonic() - began)
                if left_s <= 0.0:
                    raise
                continue
            self._received(began, slice_s)
            return data

    def _left_after(self, left_s: float, slice_s: float, took_s: float) -> float:
        self._silence_left_s -= slice_s
        left_s -= slice_s
        # Late: what came meanwhile is looked for once more.
        return max(left_s, SLICE_S) if took_s > slice_s + _FROZEN_S else left_s

    def _received(self, began: float, slice_s: float) -> None:
        now = self._returned_at = time.monotonic()
        waited_s = now - began
        if waited_s >= _WAITED_S:
            self._yielded_at = now
            self._silence_left_s -= min(waited_s, slice_s)
        elif now - self._yielded_at > _YIELD_EVERY_S:
            breathe()
            self._yielded_at = time.monotonic()

    def too_much(self, received: int) -> bool:
        """Count bytes; whether more have come than may come before an answer."""
        if self._head_bytes_left is None:
            return False
        self._head_bytes_left -= received
        return self._head_bytes_left < 0


_current: ContextVar[Line | None] = ContextVar("current_line", default=None)


@contextlib.contextmanager
def using(line: Line) -> Iterator[None]:
    """Requests sent within the block are this line's. Their answers may be read after it."""
    token = _current.set(line)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Line | None:
    return _current.get()
