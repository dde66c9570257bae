"""Check for reference cycles that the program leaves: only the garbage collector frees them, and it runs rarely."""

from __future__ import annotations

import collections
import contextlib
import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from flask import Request

import chat
from scripts.kit.waiting import poll

_PROGRAM = str(Path(chat.__path__[0]))
_TIMEOUT_S = 10.0
_OURS = ("turn ", "tool ", "fetch")


@contextlib.contextmanager
def no_reference_cycles() -> Iterator[None]:
    """Raise AssertionError if the block leaves a reference cycle with an object of the program in it.

    Run the same code once before the block, so that caches are filled.
    """
    wait_for_threads()
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield
        wait_for_threads()
        gc.collect()
        names = collections.Counter(name for each in gc.garbage if (name := _name(each)))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert not names, f"left in reference cycles: {dict(names.most_common(20))}"


def _name(thing: object) -> str:
    """Return the name of an object of the program or of a request, and "" for any other object."""
    if isinstance(thing, FrameType):
        code = thing.f_code
        return f"frame of {code.co_qualname}" if code.co_filename.startswith(_PROGRAM) else ""
    kind = type(thing)
    ours = isinstance(thing, Request) or kind.__module__.split(".")[0] == "chat"
    return f"{kind.__module__}.{kind.__qualname__}" if ours else ""


def wait_for_threads() -> None:
    """Wait until no turn, tool or fetch has a thread."""

    def left() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name.startswith(_OURS)]

    poll(lambda: not left(), _TIMEOUT_S)
    assert not left(), f"still at work: {left()}"
