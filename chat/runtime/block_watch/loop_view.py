"""View of a gevent loop from another native thread."""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

from chat.runtime.block_watch.places import Stack, stack


class Look(NamedTuple):
    """The result of a look. `frames` is None while the loop waits for events; the first is the innermost."""

    same: bool
    frames: list[FrameType] | None


class LoopView:
    """Create it and `release` in the loop's thread, look in another one.

    The frames that a look has seen are kept until a later `release`: if a function has returned meanwhile, the last
    reference to its frame destroys its locals, and gevent's objects must not be destroyed in another thread. Kept
    frames also cannot be confused with new ones.
    """

    def __init__(self) -> None:
        from gevent import get_hub
        from gevent.hub import Hub
        from gevent.monkey import get_original

        self._loop: Any = get_hub().loop
        self._waiting_code = Hub.run.__code__
        self._ident: Callable[[], int] = get_original("_thread", "get_ident")
        self._thread = self._ident()
        self._progress: tuple[int, int] = (-1, -1)
        self._root: FrameType | None = None
        self._retained: deque[list[Any]] = deque()
        self._releasable = 0
        gc.callbacks.insert(0, _on_collection)

    def detach(self) -> None:
        gc.callbacks.remove(_on_collection)

    def look(self) -> Look:
        """Return whether the same greenlet, or callback, has run since the last call, and the stack."""
        progress, self._progress = self._progress, (self._loop.iteration, self._loop.pendingcnt)
        frames: list[FrameType] = []
        threads = sys._current_frames()
        # This call's own frame refers to `threads`: with it, each look would be a cycle that holds all it has seen.
        del threads[self._ident()]
        frame = threads.get(self._thread)
        if frame is None or frame.f_code is self._waiting_code:
            self._root = None
            return Look(False, None)
        retained: list[Any] = [threads, frames]
        while frame is not None:
            frames.append(frame)
            frame = frame.f_back
        root, self._root = self._root, self._root_of(frames)
        self._retained.append(retained)
        same = root is self._root and progress == self._progress
        return Look(same, frames)

    def release(self) -> None:
        """Release the frames that were already kept at the last call: no other code uses them any more."""
        for _ in range(self._releasable):
            self._retained.popleft()
        self._releasable = len(self._retained)

    def stack(self, look: Look) -> Stack:
        """Return the ends of the stack that a look has seen."""
        return stack(look.frames or [], _on_collection.__code__)

    def _root_of(self, frames: list[FrameType]) -> FrameType:
        """Return the outermost frame of the greenlet, or of the callback that the loop runs."""
        return frames[-2] if frames[-1].f_code is self._waiting_code else frames[-1]


def _on_collection(phase: str, info: dict[str, int]) -> None:
    """Do nothing: the interpreter's lock is passed on here after a collection, so a sample sees this function."""
