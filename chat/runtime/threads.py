"""The start of every thread, which gets a name, and a way for a busy thread to let others run.

Threads are daemons: none keeps the process from ending. `native.py` and `mode.start_native` are for threads that are
native under gevent too; they have no names.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable

from chat.runtime import mode
from config.mode import ASYNC, SYNC

_YIELD_S = 0.001


def yield_now() -> None:
    """Let other threads run. Call it after some milliseconds of work without blocking.

    Under gevent, all callers share one fair queue.
    """
    _yield_now()()


@functools.cache
def _yield_now() -> Callable[[], None]:
    if mode.current() is SYNC:
        return lambda: time.sleep(_YIELD_S)
    from chat.runtime import fair_queue

    return lambda: fair_queue.for_this_worker().wait()


def start(name: str, function: Callable[..., object], *args: object) -> None:
    """Call `function` in a new thread, without waiting for it. Raises RuntimeError if the system cannot start one.

    Under gevent, `threading.Thread.start` would wait until the new greenlet runs: two more switches for each turn.
    """
    _start()(name, function, *args)


def start_joinable(name: str, function: Callable[..., object], *args: object) -> threading.Thread:
    """Call `function` in a new thread and return the thread. Raises as `start` does."""
    thread = threading.Thread(target=function, args=args, name=name, daemon=True)
    thread.start()
    return thread


@functools.cache
def _start() -> Callable[..., object]:
    return _greenlet_start() if mode.current() is ASYNC else start_joinable


def _greenlet_start() -> Callable[..., None]:
    from gevent import Greenlet

    def start_greenlet(name: str, function: Callable[..., object], *args: object) -> None:
        greenlet = Greenlet(function, *args)
        greenlet.name = name
        greenlet.start()

    return start_greenlet
