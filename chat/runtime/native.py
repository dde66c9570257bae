"""Pool of native threads for calls that block in C code, such as sqlite3.

The caller waits cooperatively: under gevent only the calling greenlet, otherwise the calling thread. Calls must not
use a lock, log call or sleep of the patched standard library. gevent's own pool costs several times more of the loop's
time for each call (docs/performance.md) and cannot hand all waiting calls to one thread as a batch.
"""

from __future__ import annotations

import _queue
import _thread
import collections
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from chat.runtime import mode
from config.mode import ASYNC

T = TypeVar("T")

# If this many batches in a row have one call, there is only one caller, which need not wait for others.
_RECENT_BATCHES = 8


class CallTimeout(Exception):
    """A call was not done in time. It may still run; `call.done` is set at its end."""


class Call:
    """A queued call and, later, its result or error.

    `under_way_at` is when its work began (monotonic seconds), 0 before that. `abandoned` is whether its caller has
    stopped waiting.
    """

    __slots__ = ("abandoned", "done", "error", "under_way_at", "value", "waiter", "work")

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.value: Any = None
        self.error: BaseException | None = None
        self.done = False
        self.under_way_at = 0.0
        self.abandoned = False
        self.waiter: Any = None  # the notifier's

    def run(self) -> None:
        self.under_way_at = time.monotonic()
        try:
            self.end(self.work())
        except BaseException as error:  # noqa: BLE001 - raised in the caller
            self.end(error=error)

    def end(self, value: Any = None, error: BaseException | None = None) -> None:
        """Set the result or error. The pool wakes the caller later."""
        self.value, self.error, self.done = value, error, True

    def result(self) -> Any:
        """Return the result or raise the error, once: an error refers to frames that refer to this call."""
        if self.error is None:
            return self.value
        error, self.error = self.error, None
        try:
            raise error
        finally:
            del error


class NativePool:
    """Pool of `size` native threads.

    Each thread takes up to `max_batch` queued calls and passes them to `run_batch`, which ends the calls that are done;
    the others are passed again. If some recent batch had several calls, a thread begins a batch at the earliest
    `interval_s` after the last one, so that calls that arrive meanwhile form a batch.
    """

    def __init__(
        self,
        size: int,
        run_batch: Callable[[Sequence[Any]], None] = lambda calls: calls[0].run(),
        max_batch: int = 1,
        interval_s: float = 0.0,
    ) -> None:
        self._size = size
        self._run_batch = run_batch
        self._max_batch = max_batch
        self._interval_s = interval_s
        # Implemented in C and not patched by gevent, so its `get` blocks only the native thread.
        self._calls: _queue.SimpleQueue[Any] = _queue.SimpleQueue()
        self._notifier: _Notifier | None = None
        self._starting = threading.Lock()
        self._closed = False

    def run(self, work: Callable[[], T]) -> T:
        """Call `work` in one of the threads. Return its result or raise its error."""
        outcome: T = self.outcome(Call(work))
        return outcome

    def outcome(self, call: Call, timeout_s: float | None = None, more_s: Callable[[], float] = lambda: 0.0) -> Any:
        """Run `call`. Return its result or raise its error.

        If the call is not done after `timeout_s` seconds, this waits for as many more seconds as `more_s` returns,
        again and again. Raises CallTimeout once that is 0.
        """
        if self._closed:
            raise RuntimeError("The pool is closed.")
        notifier = self._notifier or self._start_threads()
        notifier.wait(call, self._calls.put, timeout_s)
        while not call.done and (longer_s := more_s()):
            notifier.wait(call, _already_queued, longer_s)
        if not call.done:
            call.abandoned = True
            raise CallTimeout
        return call.result()

    @property
    def queued(self) -> int:
        """Return the number of calls that no thread has taken yet."""
        return self._calls.qsize()

    def close(self) -> None:
        """Run the queued calls and end the threads."""
        if self._closed:
            return
        self._closed = True
        if self._notifier is not None:
            for _ in range(self._size):
                self._notifier.wait(_Stop(), self._calls.put)

    def _start_threads(self) -> _Notifier:
        # At the first call, because threads do not survive a fork.
        with self._starting:
            if self._notifier is None:
                notifier = _notifier()
                for _ in range(self._size):
                    mode.start_native(self._serve, notifier)
                self._notifier = notifier
            return self._notifier

    def _serve(self, notifier: _Notifier) -> None:
        sleep = mode.native_sleep()
        batch: list[Call] = []
        sizes: collections.deque[int] = collections.deque(maxlen=_RECENT_BATCHES)
        while True:
            if not batch:
                batch.append(self._calls.get())
            began_at = time.monotonic()
            self._add_waiting(batch)
            sizes.append(len(batch))
            stop = batch.pop() if isinstance(batch[-1], _Stop) else None
            while batch:
                self._run_safely(batch)
                notifier.notify([call for call in batch if call.done])
                batch = [call for call in batch if not call.done]
                if not stop:
                    break
            if stop:
                notifier.notify([stop])
                return
            rest_s = self._interval_s - (time.monotonic() - began_at)
            if rest_s > 0 and (self._calls.qsize() or max(sizes) > 1):
                sleep(rest_s)

    def _add_waiting(self, batch: list[Call]) -> None:
        try:
            while len(batch) < self._max_batch and not isinstance(batch[-1], _Stop):
                batch.append(self._calls.get_nowait())
        except _queue.Empty:
            pass

    def _run_safely(self, batch: list[Call]) -> None:
        try:
            self._run_batch(batch)
        except BaseException as error:  # noqa: BLE001 - raised in the callers; the thread continues
            for call in batch:
                if not call.done:
                    call.end(error=error)


class _Stop(Call):
    """Call that ends the thread that takes it."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(lambda: None)


def _already_queued(_call: Call) -> None:
    """Do nothing: the call was queued before."""


class _Notifier(Protocol):
    """Wakes the callers of calls that are done; `notify` runs in native threads."""

    def wait(self, call: Call, put: Callable[[Call], None], timeout_s: float | None = None) -> None:
        """Queue the call with `put` and wait until it is notified or `timeout_s` seconds have passed."""
        ...

    def notify(self, calls: Sequence[Call]) -> None: ...


class _ThreadNotifier:
    """Notifier for callers in threads."""

    def wait(self, call: Call, put: Callable[[Call], None], timeout_s: float | None = None) -> None:
        waiter = call.waiter = _thread.allocate_lock()
        waiter.acquire()
        put(call)
        if not call.done:  # it may have been notified with an earlier waiter
            waiter.acquire(timeout=-1 if timeout_s is None else timeout_s)

    def notify(self, calls: Sequence[Call]) -> None:
        for call in calls:
            call.waiter.release()


class _GreenletNotifier:
    """Notifier for callers in greenlets: one signal to their loop for all calls that are done."""

    def __init__(self) -> None:
        from gevent.hub import Waiter, get_hub

        self._hub = get_hub()
        self._new_waiter = Waiter
        self._signal = self._hub.loop.async_()
        self._due: collections.deque[Call] = collections.deque()
        self._waiting = 0

    def wait(self, call: Call, put: Callable[[Call], None], timeout_s: float | None = None) -> None:
        waiter = call.waiter = self._new_waiter(self._hub)
        timer = None if timeout_s is None else self._hub.loop.timer(timeout_s)
        if not self._waiting:
            self._signal.start(self._wake)
        self._waiting += 1
        try:
            put(call)
            if timer is not None:
                # `update`, because the loop's time is that of its last round, which may be long ago.
                timer.start(waiter.switch, None, update=True)
            if not (put is _already_queued and call.done):
                waiter.get()
        finally:
            if timer is not None:
                timer.close()
            self._waiting -= 1
            if not self._waiting:
                self._signal.stop()

    def notify(self, calls: Sequence[Call]) -> None:
        if calls:
            self._due.extend(calls)
            self._signal.send()

    def _wake(self) -> None:
        while self._due:
            self._due.popleft().waiter.switch(None)


def _notifier() -> _Notifier:
    return _GreenletNotifier() if mode.current() is ASYNC else _ThreadNotifier()
