"""The place in the code that a blocked thread is at, as words for the operator. Never a value."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from types import CodeType, FrameType

_SOURCE = Path(__file__).resolve().parents[2]
_LIBRARIES = tuple(sorted({sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")}, key=len)[::-1])


def place(frame: FrameType) -> str:
    """Return `file:line function` of the innermost frame of the program's own.

    If that frame called a library, the library's innermost frame follows in brackets. Without a frame of the program's
    own, the place is the library's.
    """
    innermost = _words(frame)
    own: FrameType | None = frame
    while own is not None and _is_library(own.f_code):
        own = own.f_back
    if own is None or own is frame:
        return innermost
    return f"{_words(own)} (in {innermost})"


def _words(frame: FrameType) -> str:
    return f"{_short(frame.f_code.co_filename)}:{frame.f_lineno or 0} {frame.f_code.co_qualname}"


def _is_library(code: CodeType) -> bool:
    return code.co_filename.startswith(("<", *_LIBRARIES))


def _short(path: str) -> str:
    """Return `path` relative to the library folder or the source tree that it is in."""
    for folder in (*_LIBRARIES, str(_SOURCE), *sys.path):
        if folder and path.startswith(folder + "/"):
            return path[len(folder) + 1 :]
    return path
