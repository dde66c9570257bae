"""Which kind of worker this process is, and the few things that truly differ between the two.

Nothing else in the program asks. Under gevent every `threading.Thread` is a greenlet and the standard
library's blocking calls let others go on; what still blocks the whole worker is C code that waits by
itself, sqlite3 above all, and that belongs in a `NativePool`.
"""

from __future__ import annotations

import concurrent.futures
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mode:
    """A worker's mode as people see it: `name` is "async" or "sync", `sign` begins the log line of a turn."""

    name: str
    worker_class: str
    sign: str


ASYNC = Mode("async", "gevent", "🚀")
SYNC = Mode("sync", "gthread", "⏳")


def current() -> Mode:
    """The mode of this process: async once gevent has patched the standard library."""
    monkey = sys.modules.get("gevent.monkey")
    return ASYNC if monkey is not None and monkey.is_module_patched("threading") else SYNC


def native_lock() -> Any:
    """A lock for code that runs in native threads. A patched lock would wait on the wrong thread's loop for ever."""
    if current() is SYNC:
        return threading.Lock()
    from gevent.monkey import get_original

    return get_original("_thread", "allocate_lock")()


class NativePool:
    """A few native threads for calls that block inside C.

    Inside them no lock, log call or sleep of the patched standard library may be used. `run` waits
    cooperatively: under gevent only the calling greenlet, otherwise the calling thread.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._executor: concurrent.futures.Executor | None = None

    def run(self, work: Callable[[], T]) -> T:
        """Call `work` in one of the threads; return what it returns, raise what it raises."""

        # The outcome travels as a value: gevent prints every exception that leaves a pool's job.
        def job() -> tuple[T | None, BaseException | None]:
            try:
                return work(), None
            except BaseException as error:  # noqa: BLE001 - handed to the caller, who decides
                return None, error

        value, error = self._threads().submit(job).result()
        if error is not None:
            raise error
        return value  # type: ignore[return-value]

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True)

    def _threads(self) -> concurrent.futures.Executor:
        # Made at the first call: a pool made before a fork would have no threads after it.
        if self._executor is None:
            if current() is ASYNC:
                from gevent.threadpool import ThreadPoolExecutor

                self._executor = ThreadPoolExecutor(self._size)
            else:
                self._executor = concurrent.futures.ThreadPoolExecutor(self._size, thread_name_prefix="native")
        return self._executor


def count_greenlets() -> Callable[[], int]:
    """Begin to count the greenlets spawned from now on; the function returned tells how many are alive.

    A callback at each spawn, because the other way, walking the heap, stops a worker for a second.
    """
    if current() is SYNC:
        return lambda: 0
    import gevent

    alive = 0

    def ended(_greenlet: object) -> None:
        nonlocal alive
        alive -= 1

    def spawned(greenlet: gevent.Greenlet) -> None:
        nonlocal alive
        alive += 1
        greenlet.rawlink(ended)

    gevent.Greenlet.add_spawn_callback(spawned)
    return lambda: alive
