"""File operations that do not block a gevent worker's loop.

A busy disk can hold a write, a rename, or even the look-up of a name for a second. The kernel offers no way to wait for
that cooperatively, so under gevent such operations run in native threads. The rules of `native.py` apply to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from chat.runtime import mode
from chat.runtime.native import NativePool
from config.mode import SYNC

T = TypeVar("T")

# So that a write that is held up does not hold up every read.
_THREADS = 3
_pool = NativePool(_THREADS)


def run(operation: Callable[[], T]) -> T:
    """Call `operation`. Return its result or raise its error."""
    return operation() if mode.current() is SYNC else _pool.run(operation)
