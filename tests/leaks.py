"""A check that no thread, named or native, and no greenlet outlives a test."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import weakref
from collections.abc import Hashable, Iterator
from types import FrameType
from typing import Any

from chat.runtime import file_work, mode
from config.mode import ASYNC

# gevent keeps the native threads in which it looks up the names of hosts.
_GEVENT_POOL = "gevent/threadpool.py"
# A connection of a test's own server, which a fixture of the whole module may close later.
_TEST_SERVER = "(process_request_thread)"

_greenlets: weakref.WeakSet[Any] = weakref.WeakSet()
if mode.current() is ASYNC:
    from gevent import Greenlet

    Greenlet.add_spawn_callback(_greenlets.add)
    file_work.run(int)  # its threads stay as long as the process


@contextlib.contextmanager
def nothing_left_behind(timeout_s: float = 30.0) -> Iterator[None]:
    """Raise AssertionError if something that the block has started still runs `timeout_s` seconds after it."""
    before = _running().keys()
    yield
    until = time.monotonic() + timeout_s
    while left := {key: name for key, name in _running().items() if key not in before}:
        assert time.monotonic() < until, f"left behind: {sorted(left.values())}"
        time.sleep(0.01)


def _running() -> dict[Hashable, str]:
    """Return the name of everything that runs. The keys are unique, unlike a thread's number."""
    threads = {thread.ident: thread for thread in threading.enumerate()}
    running: dict[Hashable, str] = {
        thread: thread.name for thread in threads.values() if not thread.name.endswith(_TEST_SERVER)
    }
    for ident, frame in sys._current_frames().items():
        code = _outermost(frame).f_code
        if ident not in threads and not code.co_filename.endswith(_GEVENT_POOL):
            running[ident, code] = f"native thread in {code.co_qualname}"
    running |= {greenlet: f"greenlet {greenlet.name}" for greenlet in list(_greenlets) if not greenlet.dead}
    return running


def _outermost(frame: FrameType) -> FrameType:
    while frame.f_back is not None:
        frame = frame.f_back
    return frame
