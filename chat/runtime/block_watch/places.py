"""Places in the code, as words for the operator: file, line and function. Never a value."""

from __future__ import annotations

import dis
import sys
import sysconfig
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

_SOURCE = Path(__file__).resolve().parents[3]
_LIBRARIES = tuple(sorted({sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")}, key=len)[::-1])
ARROW = " → "
_RESUME = dis.opmap["RESUME"]


class Place(NamedTuple):
    """A line of code."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}"


class Stack(NamedTuple):
    """The ends of a stack that a reader can act on: the innermost frame of the program, and of a library it called."""

    own: Place | None
    library: Place | None
    collecting: bool = False


def stack(frames: Sequence[FrameType], collecting: CodeType) -> Stack:
    """Return the ends of a stack, whose innermost frame is the first.

    `collecting` is the code that Python calls at the end of a garbage collection. It is left out, and so is a function
    that has only just been entered: the time was spent before, and Python passed its lock on at the call.
    """
    is_collecting = frames[0].f_code is collecting
    entered = is_collecting or (len(frames) > 1 and _is_at_its_begin(frames[0]))
    rest = frames[1:] if entered else frames
    own = next((frame for frame in rest if not _is_library(frame.f_code)), None)
    library = rest[0] if rest and rest[0] is not own else None
    return Stack(own and place_of(own), library and place_of(library), is_collecting)


def common(samples: Sequence[tuple[Stack, float]]) -> str:
    """Return the place of most samples, which have weights: `file:line function`, then the library's after an arrow.

    The library's place is left out if the samples disagree about it.
    """
    own, there = _most(samples, lambda each: each.own)
    parts = [str(own)] if own else []
    total = sum(weight for _, weight in there)
    if sum(weight for each, weight in there if each.collecting) * 2 > total:
        return ARROW.join([*parts, "garbage collection"])
    library, agreeing = _most(there, lambda each: each.library)
    if library is not None and (not parts or sum(weight for _, weight in agreeing) * 2 > total):
        parts.append(str(library))
    return ARROW.join(parts)


def _most(
    samples: Sequence[tuple[Stack, float]], end_of: Callable[[Stack], Place | None]
) -> tuple[Place | None, list[tuple[Stack, float]]]:
    """Return the most common place of the samples, by function and then by line, and the samples in that function."""
    functions: dict[Any, float] = defaultdict(float)
    for sample, weight in samples:
        functions[_function(end_of(sample))] += weight
    function = max(functions, key=functions.__getitem__)
    there = [(sample, weight) for sample, weight in samples if _function(end_of(sample)) == function]
    lines = Counter(end_of(sample) for sample, _ in there)
    return lines.most_common(1)[0][0], there


def _function(place: Place | None) -> tuple[str, str] | None:
    return None if place is None else (place.file, place.function)


def _is_at_its_begin(frame: FrameType) -> bool:
    code = frame.f_code.co_code
    return 0 <= frame.f_lasti < len(code) and code[frame.f_lasti] == _RESUME and code[frame.f_lasti + 1] == 0


def place_of(frame: FrameType) -> Place:
    """Return the line that a frame is at."""
    name = frame.f_code.co_qualname.replace("<locals>.", "")
    return Place(short(frame.f_code.co_filename), frame.f_lineno or frame.f_code.co_firstlineno, name)


def _is_library(code: CodeType) -> bool:
    return code.co_filename.startswith(("<", *_LIBRARIES))


def short(path: str) -> str:
    """Return `path` relative to the library folder or the source tree that it is in."""
    for folder in (*_LIBRARIES, str(_SOURCE), *sys.path):
        if folder and path.startswith(folder + "/"):
            return path[len(folder) + 1 :]
    return path
