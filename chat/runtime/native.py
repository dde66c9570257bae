"""Native threads for calls that block inside C, sqlite3 above all.

Whoever has a call made waits cooperatively: under gevent only the calling greenlet, otherwise the calling
thread. Inside the calls no lock, log call or sleep of the patched standard library may be used. Written by
hand because gevent's own pool makes a watcher, a future and several locks for each call, 22 µs of the loop's
time where this takes 3, and because it has no way to hand all the calls that wait to one thread at once.
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

T = TypeVar("T")

# Somebody who makes one call after the other need not wait: so many groups of one say that there is nobody else.
_GROUPS = 8


class CallTimeout(Exception):
    """A call was not over in time. It may still be made: `call.done` tells when, and then what came of it."""


class Call:
    """A call that waits to be made, and afterwards what came of it.

    `started` is whether a thread is at it; `abandoned` whether nobody waits for it any more.
    """

    __slots__ = ("abandoned", "done", "error", "started", "value", "waiter", "work")

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.value: Any = None
        self.error: BaseException | None = None
        self.done = False
        self.started = False
        self.abandoned = False
        self.waiter: Any = None  # the notifier's

    def run(self) -> None:
        self.started = True
        try:
            self.end(self.work())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits, who decides
            self.end(error=error)

    def end(self, value: Any = None, error: BaseException | None = None) -> None:
        """Say what came of it. It wakes nobody yet."""
        self.value, self.error, self.done = value, error, True

    def result(self) -> Any:
        """Return or raise what came of it, once: an error holds all the frames that it passes, and they hold this."""
        if self.error is None:
            return self.value
        error, self.error = self.error, None
        try:
            raise error
        finally:
            del error


class NativePool:
    """`size` native threads.

    Each takes up to `most` of the calls that wait, and hands them to `make`, which ends those that need wait no
    longer; the others come again. While they are more than one now and then, a thread rests from one group to the next
    until `every_s` seconds have gone by since it took the first, so that those who come meanwhile make a group.
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
        # The one in C, which gevent does not replace: its `get` waits natively.
        self._calls: _queue.SimpleQueue[Any] = _queue.SimpleQueue()
        self._notifier: _Notifier | None = None
        self._starting = threading.Lock()
        self._closed = False

    def run(self, work: Callable[[], T]) -> T:
        """Call `work` in one of the threads; return what it returns, raise what it raises."""
        outcome: T = self.outcome(Call(work))
        return outcome

    def outcome(self, call: Call, timeout_s: float | None = None, extra_s: float = 0.0) -> Any:
        """Have `call` made; return or raise what came of it.

        Raises CallTimeout if the call is not done after `timeout_s` seconds, plus `extra_s` if it has started by then.
        """
        if self._closed:
            raise RuntimeError("The pool is closed.")
        notifier = self._notifier or self._start_threads()
        notifier.wait(call, self._calls.put, timeout_s)
        if not call.done and call.started and extra_s:
            notifier.wait(call, _already_queued, extra_s)
        if not call.done:
            call.abandoned = True
            raise CallTimeout
        return call.result()

    @property
    def queued(self) -> int:
        """How many calls no thread has taken yet."""
        return self._calls.qsize()

    def close(self) -> None:
        """Make what waits, and end the threads."""
        if self._closed:
            return
        self._closed = True
        if self._notifier is not None:
            for _ in range(self._size):
                self._notifier.wait(_Stop(), self._calls.put)

    def _start_threads(self) -> _Notifier:
        # At the first call: threads that were started before a fork would not be there after it.
        with self._starting:
            if self._notifier is None:
                notifier = _notifier()
                for _ in range(self._size):
                    mode.start_native(self._serve, notifier)
                self._notifier = notifier
            return self._notifier

    def _serve(self, notifier: _Notifier) -> None:
        sleep = mode.native_sleep()
        group: list[Call] = []
        sizes: collections.deque[int] = collections.deque(maxlen=_GROUPS)
        while True:
            if not group:
                group.append(self._calls.get())
            began = time.monotonic()
            self._add_waiting(group)
            sizes.append(len(group))
            stop = group.pop() if isinstance(group[-1], _Stop) else None
            while group:
                self._run_group(group)
                notifier.notify([call for call in group if call.done])
                group = [call for call in group if not call.done]
                if not stop:
                    break
            if stop:
                notifier.notify([stop])
                return
            rest_s = self._interval_s - (time.monotonic() - began)
            if rest_s > 0 and (self._calls.qsize() or max(sizes) > 1):
                sleep(rest_s)

    def _add_waiting(self, group: list[Call]) -> None:
        try:
            while len(group) < self._max_batch and not isinstance(group[-1], _Stop):
                group.append(self._calls.get_nowait())
        except _queue.Empty:
            pass

    def _run_group(self, group: list[Call]) -> None:
        try:
            self._run_batch(group)
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, and the thread goes on
            for call in group:
                if not call.done:
                    call.end(error=error)


class _Stop(Call):
    """Ends the thread that takes it."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(lambda: None)


def _already_queued(_call: Call) -> None:
    """It was put there before."""


class _Notifier(Protocol):
    """Wakes those who wait for their calls; rung in native threads."""

    def wait(self, call: Call, put: Callable[[Call], None], timeout_s: float | None = None) -> None:
        """Put the call where the threads find it, and wait until it is rung for, or `timeout_s` seconds are over."""
        ...

    def notify(self, calls: Sequence[Call]) -> None: ...


class _ThreadNotifier:
    """For callers that are threads themselves."""

    def wait(self, call: Call, put: Callable[[Call], None], timeout_s: float | None = None) -> None:
        waiter = call.waiter = _thread.allocate_lock()
        waiter.acquire()
        put(call)
        if not call.done:  # it may have been rung for while it had an earlier waiter
            waiter.acquire(timeout=-1 if timeout_s is None else timeout_s)

    def notify(self, calls: Sequence[Call]) -> None:
        for call in calls:
            call.waiter.release()


class _GreenletNotifier:
    """For callers that are greenlets: one signal to their loop, however many are due."""

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
                # The loop's own time is of its last round, which may be long ago where nothing has waited since.
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
    return _GreenletNotifier() if mode.current() is mode.ASYNC else _ThreadNotifier()
