"""Whether something failed for want of a file descriptor, whatever the library above made of it."""

from __future__ import annotations

import errno
import os

_NONE_LEFT = (errno.EMFILE, errno.ENFILE)
_DEEP = 12


def exhausted(error: BaseException, *, probe: bool = False) -> bool:
    """Whether `error`, or one that it came from, says so; with `probe`, whether there is none at this moment either.

    That is for libraries that do not hand the reason on: the system's look-up of names, SQLite.
    """
    return any(getattr(each, "errno", None) in _NONE_LEFT for each in _chain(error)) or (probe and _none_left())


def _chain(error: BaseException) -> list[BaseException]:
    """The error with all that it was made from: causes, contexts, wrapped arguments."""
    found: list[BaseException] = [error]
    for each in found:
        around = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        found += [other for other in around if isinstance(other, BaseException) and other not in found]
        if len(found) > _DEEP:
            break
    return found


def _none_left() -> bool:
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in _NONE_LEFT
    return False
