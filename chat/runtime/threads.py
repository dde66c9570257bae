"""Daemon threads started without waiting for them, and a way for a busy thread to let others run.

Under gevent `threading.Thread.start` waits until the new greenlet runs, which costs two switches for each turn.
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
    """Call `function` in a new thread. Raises RuntimeError if the system cannot start one."""
    _start()(name, function, *args)


@functools.cache
def _start() -> Callable[..., None]:
    return _greenlet_start() if mode.current() is ASYNC else _start_thread


def _start_thread(name: str, function: Callable[..., object], *args: object) -> None:
    threading.Thread(target=function, args=args, name=name, daemon=True).start()


def _greenlet_start() -> Callable[..., None]:
    from gevent import Greenlet

    def start_greenlet(name: str, function: Callable[..., object], *args: object) -> None:
        greenlet = Greenlet(function, *args)
        greenlet.name = name
        greenlet.start()

    return start_greenlet
