"""Tracebacks for the log: places in the code and kinds of errors, without texts that may be a user's.

The text of an exception often quotes the value that was wrong, so it is logged only for kinds whose text is about the
code.
"""

from __future__ import annotations

import traceback
from types import TracebackType

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_ABOUT_CODE = (AttributeError, NameError, ImportError, TypeError, RecursionError)
_MAX_CHAIN = 8
_BETWEEN = {True: "caused:", False: "then, while that was handled:"}


def lines(exc_info: ExcInfo) -> list[str]:
    """Return a traceback line by line, with the errors that caused it before it."""
    chain: list[tuple[BaseException, bool]] = []
    error: BaseException | None = exc_info[1]
    while error is not None and len(chain) < _MAX_CHAIN:
        chain.append((error, error.__cause__ is not None))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines: list[str] = []
    for error, has_cause in reversed(chain):
        if lines:
            lines.append(_BETWEEN[has_cause])
        lines.append("Traceback (most recent call last):")
        lines += "".join(traceback.format_tb(error.__traceback__)).splitlines()
        lines.append(_summary(error))
    return lines


def _summary(error: BaseException) -> str:
    name = type(error).__qualname__
    module = type(error).__module__
    name = name if module in ("builtins", "__main__") else f"{module}.{name}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    if isinstance(error, _ABOUT_CODE):
        return f"{name}: {error}"
    return name
