"""Threads that nobody waits for, begun without waiting for them either; and how a busy one lets the others go on.

Under gevent `threading.Thread` waits until the new greenlet runs: two switches for each turn, and nothing is known
afterwards that was not known before.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable

from chat.runtime import mode

_YIELD_S = 0.001


def yield_now() -> None:
    """Let the other threads go on, after some milliseconds of work that never waited for anything.

    Under gevent those that do so share what they have of the loop.
    """
    _yield_now()()


@functools.cache
def _yield_now() -> Callable[[], None]:
    if mode.current() is mode.SYNC:
        return lambda: time.sleep(_YIELD_S)
    from chat.runtime import fair_queue

    return lambda: fair_queue.for_this_worker().wait()


def start(name: str, function: Callable[..., object], *args: object) -> None:
    """Have `function` called in a thread of its own. Raises RuntimeError where the system gives no more of them."""
    _start()(name, function, *args)


@functools.cache
def _start() -> Callable[..., None]:
    return _greenlet_start() if mode.current() is mode.ASYNC else _start_thread


def _start_thread(name: str, function: Callable[..., object], *args: object) -> None:
    threading.Thread(target=function, args=args, name=name, daemon=True).start()


def _greenlet_start() -> Callable[..., None]:
    from gevent import Greenlet

    def start_greenlet(name: str, function: Callable[..., object], *args: object) -> None:
        greenlet = Greenlet(function, *args)
        greenlet.name = name
        greenlet.start()

    return start_greenlet
