"""Stacks of all greenlets and native threads. Equal ones are one finding with their number."""

from __future__ import annotations

import gc
import sys
import weakref
from collections import Counter
from types import FrameType
from typing import Any

from chat.runtime import mode
from chat.runtime.block_watch.places import place_of
from chat.runtime.looks.findings import Finding, Look, in_slices
from config.mode import ASYNC

_FRAMES = 40
_STACKS = 200
_Stack = tuple[str, tuple[str, ...]]
_early: list[weakref.ref[Any]] = []


def remember_greenlets() -> None:
    """Remember the greenlets that exist now. Call it before objects are frozen: frozen ones cannot be found later."""
    if mode.current() is ASYNC:
        _early[:] = map(weakref.ref, _greenlets())


def stacks() -> Look:
    """Return the stacks, the most common first."""
    counts: Counter[_Stack] = Counter()
    greenlets = _add_greenlets(counts) if mode.current() is ASYNC else 0
    threads = [_lines(frame) for frame in sys._current_frames().values()]
    counts.update(("thread", lines) for lines in threads)
    findings = [Finding(what=kind, count=count, stack=list(lines)) for (kind, lines), count in counts.most_common()]
    summary = f"Read the stacks of {greenlets} greenlets and {len(threads)} threads."
    figures = {"greenlets": greenlets, "threads": len(threads), "stacks": len(findings)}
    return Look(summary=summary, figures=figures, findings=findings[:_STACKS])


def _add_greenlets(counts: Counter[_Stack]) -> int:
    greenlets = {id(each): each for each in [*(early() for early in _early), *_greenlets()] if each is not None}
    counts.update(("greenlet", _lines(each.gr_frame)) for each in greenlets.values() if each.gr_frame is not None)
    return counts.total()


def _greenlets() -> list[Any]:
    import greenlet

    greenlets: list[Any] = []

    def visit(item: Any) -> None:
        # Its type, because a proxy may fail to name its class.
        if issubclass(type(item), greenlet.greenlet):
            greenlets.append(item)

    in_slices(gc.get_objects(), visit)
    return greenlets


def _lines(frame: FrameType | None) -> tuple[str, ...]:
    """Return the stack that ends with `frame`, the innermost line first."""
    lines: list[str] = []
    while frame is not None and len(lines) < _FRAMES:
        lines.append(str(place_of(frame)))
        frame = frame.f_back
    return tuple(lines)
