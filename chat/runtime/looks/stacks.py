"""Stacks of all greenlets and native threads. Equal ones are one finding with their number."""

from __future__ import annotations

import gc
import sys
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


def stacks() -> Look:
    """Return the stacks, the most common first."""
    found: Counter[_Stack] = Counter()
    greenlets = _add_greenlets(found) if mode.current() is ASYNC else 0
    threads = sys._current_frames().values()
    found.update(("thread", _lines(frame)) for frame in threads)
    findings = [Finding(what=kind, count=count, stack=list(lines)) for (kind, lines), count in found.most_common()]
    did = f"Read the stacks of {greenlets} greenlets and {len(threads)} threads."
    figures = {"greenlets": greenlets, "threads": len(threads), "stacks": len(findings)}
    return Look(did=did, figures=figures, findings=findings[:_STACKS])


def _add_greenlets(found: Counter[_Stack]) -> int:
    import greenlet

    def visit(item: Any) -> None:
        if type(item) is not object and isinstance(item, greenlet.greenlet) and item.gr_frame is not None:
            found["greenlet", _lines(item.gr_frame)] += 1

    in_slices(gc.get_objects(), visit)
    return found.total()


def _lines(frame: FrameType | None) -> tuple[str, ...]:
    """Return the stack that ends with `frame`, the innermost line first."""
    lines: list[str] = []
    while frame is not None and len(lines) < _FRAMES:
        lines.append(str(place_of(frame)))
        frame = frame.f_back
    return tuple(lines)
