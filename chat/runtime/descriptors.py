"""Recognition of errors caused by exhausted file descriptors, also inside exceptions of libraries."""

from __future__ import annotations

import errno
import os

_NONE_LEFT = (errno.EMFILE, errno.ENFILE)
_MAX_ERRORS = 12


def exhausted(error: BaseException, *, probe: bool = False) -> bool:
    """Return whether `error`, or an error that caused it, means that no file descriptor is available.

    With `probe`, also try to open one now, for libraries that hide the cause: name resolution and SQLite.
    """
    return any(getattr(each, "errno", None) in _NONE_LEFT for each in _chain(error)) or (probe and _none_left())


def _chain(error: BaseException) -> list[BaseException]:
    """Return the error and its causes, contexts and wrapped errors."""
    chain: list[BaseException] = [error]
    for each in chain:
        around = (each.__cause__, each.__context__, *each.args)
        chain += [other for other in around if isinstance(other, BaseException) and other not in chain]
        if len(chain) > _MAX_ERRORS:
            break
    return chain


def _none_left() -> bool:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in _NONE_LEFT
    return False
