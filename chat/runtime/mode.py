"""Which kind of worker this process is, and the few things that truly differ between the two.

Nothing else in the program asks. Under gevent every `threading.Thread` is a greenlet and the standard
library's blocking calls let others go on; what still blocks the whole worker is C code that waits by
itself, sqlite3 above all, and that belongs in a native thread (see `native.py`).
"""

from __future__ import annotations

import _thread
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Mode:
    """A worker's mode as people see it: `name` is "async" or "sync", `emoji` begins the log line of a turn."""

    name: str
    worker_class: str
    emoji: str


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


def start_native(function: Callable[..., object], *args: object) -> None:
    """Begin a native thread that nobody waits for at the end, also where `threading.Thread` is a greenlet."""
    if current() is SYNC:
        _thread.start_new_thread(function, args)
    else:
        from gevent.monkey import get_original

        get_original("_thread", "start_new_thread")(function, args)


def native_sleep() -> Callable[[float], None]:
    """A sleep that makes a native thread wait, and nobody else."""
    if current() is SYNC:
        return time.sleep
    from gevent.monkey import get_original

    sleep: Callable[[float], None] = get_original("time", "sleep")
    return sleep


def disable_spawn_tree() -> None:
    """Have greenlets keep no note of where they were spawned: a stack and a dictionary each, which nobody reads."""
    if current() is ASYNC:
        import gevent

        gevent.config.track_greenlet_tree = False


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
