"""Finds what the program leaves in circles: memory that only the garbage collector, which looks rarely, gives back."""

from __future__ import annotations

import collections
import contextlib
import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from flask import Request

import chat

_PROGRAM = str(Path(chat.__path__[0]))
_PATIENCE_S = 10.0
_OURS = ("turn ", "tool ", "fetch")


@contextlib.contextmanager
def no_reference_cycles() -> Iterator[None]:
    """Raise AssertionError where what is over after the block has left a circle with anything of the program's in it.

    Have everything done once before: what is kept for good the first time is no garbage.
    """
    wait_for_threads()
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield
        wait_for_threads()
        gc.collect()
        found = collections.Counter(name for each in gc.garbage if (name := _name(each)))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert not found, f"left in circles: {dict(found.most_common(20))}"


def _name(thing: object) -> str:
    """Return its name where it is the program's or a request's; otherwise an empty string."""
    if isinstance(thing, FrameType):
        code = thing.f_code
        return f"frame of {code.co_qualname}" if code.co_filename.startswith(_PROGRAM) else ""
    kind = type(thing)
    ours = isinstance(thing, Request) or kind.__module__.split(".")[0] == "chat"
    return f"{kind.__module__}.{kind.__qualname__}" if ours else ""


def wait_for_threads() -> None:
    """Until no turn, tool or fetch has a thread any more."""
    until = time.monotonic() + _PATIENCE_S
    while left := [thread for thread in threading.enumerate() if thread.name.startswith(_OURS)]:
        assert time.monotonic() < until, f"still at work: {left}"
        time.sleep(0.01)
