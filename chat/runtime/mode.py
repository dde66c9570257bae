"""Mode of this process, gevent or gthread, and the few primitives that differ between the two.

No other package asks for the mode. Under gevent each `threading.Thread` is a greenlet, and blocking calls of the
standard library let others run. C code that blocks, such as sqlite3, would block the whole worker; it must run in a
native thread (see `native.py`).
"""

from __future__ import annotations

import _thread
import functools
import select
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from config.mode import ASYNC, SYNC, Mode


def current() -> Mode:
    """Return the mode of this process: async once gevent has patched the standard library."""
    monkey = sys.modules.get("gevent.monkey")
    return ASYNC if monkey is not None and monkey.is_module_patched("threading") else SYNC


def native_lock() -> Any:
    """Return a lock for native threads. A patched lock would wait for ever on another thread's loop."""
    return _new_native_lock()()


@functools.cache
def _new_native_lock() -> Callable[[], Any]:
    if current() is SYNC:
        return threading.Lock
    from gevent.monkey import get_original

    new_lock: Callable[[], Any] = get_original("_thread", "allocate_lock")
    return new_lock


def start_native(function: Callable[..., object], *args: object) -> None:
    """Start a native daemon thread, even if `threading.Thread` is a greenlet."""
    if current() is SYNC:
        _thread.start_new_thread(function, args)
    else:
        from gevent.monkey import get_original

        get_original("_thread", "start_new_thread")(function, args)


def native_sleep() -> Callable[[float], None]:
    """Return a sleep function that blocks only the calling native thread."""
    if current() is SYNC:
        return time.sleep
    from gevent.monkey import get_original

    sleep: Callable[[float], None] = get_original("time", "sleep")
    return sleep


def native_poll() -> Any:
    """Return a `select.poll` object that blocks only the calling native thread."""
    if current() is SYNC:
        return select.poll()
    from gevent.monkey import get_original

    return get_original("select", "poll")()


def disable_spawn_tree() -> None:
    """Disable the record of where each greenlet was spawned: an unused stack and dictionary for each."""
    if current() is ASYNC:
        import gevent

        gevent.config.track_greenlet_tree = False


def count_greenlets() -> Callable[[], int]:
    """Begin to count greenlets. Return a function that returns how many of those spawned since then are alive.

    Uses a callback at each spawn, because walking the heap would block the worker for a second.
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
