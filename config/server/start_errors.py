"""Errors of a start, each explained in one sentence for the operator instead of a traceback."""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Callable
from typing import Any

from config.paths import ROOT
from config.settings import SettingError

_CHARS = 500
NO_MEMORY = (
    "there is not enough memory for it, or no more threads may be started; raise `ulimit -v`, `ulimit -u` or the "
    "container's limits, or lower WEB_CONCURRENCY"
)


class CannotStart(Exception):
    """A start failed. `str(error)` is a sentence for the operator."""


def explain(error: BaseException) -> str:
    """Return one line without a final full stop: the cause and, if known, the remedy."""
    printable = "".join(char if char.isprintable() else " " for char in _explained(error))
    return printable[:_CHARS].strip().rstrip(".")


def _explained(error: BaseException) -> str:
    for kind, explain in _KINDS:
        if isinstance(error, kind) and (sentence := explain(error)):
            return sentence
    return f"{type(error).__name__}: {error}{_where(error)}; LOG_LEVEL=DEBUG shows the traceback"


def _of_exit(error: Any) -> str:
    return str(error.code).removeprefix("parley: ")


def _of_package(error: Any) -> str:
    if _is_own_module(error.name or ""):
        return ""
    return f"the package {error.name} is missing; start it by ./scripts/serve, which installs what it needs"


def _of_syntax(error: Any) -> str:
    return f"{_place(error.filename or '?', error.lineno)} cannot be read ({error.msg})"


def _of_system(error: Any) -> str:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "it cannot open as many files as it needs; raise `ulimit -n`"
    return NO_MEMORY if error.errno == errno.ENOMEM else ""


def _of_threads(error: Any) -> str:
    return NO_MEMORY if "start new thread" in str(error) else ""


# The first entry that returns a sentence is used.
_KINDS: tuple[tuple[type[BaseException], Callable[[Any], str]], ...] = (
    (SettingError, str),
    (CannotStart, str),
    (SystemExit, _of_exit),
    (MemoryError, lambda _: NO_MEMORY),
    (OSError, _of_system),
    (RuntimeError, _of_threads),
    (ModuleNotFoundError, _of_package),
    (SyntaxError, _of_syntax),
)


def _is_own_module(module: str) -> bool:
    return module.partition(".")[0] in ("chat", "config", "wsgi")


def _where(error: BaseException) -> str:
    """Return the position of the innermost frame that belongs to this program."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(ROOT))]
    ours = [frame for frame in frames if "site-packages" not in frame.filename]
    return f" ({_place(ours[-1].filename, ours[-1].lineno)})" if ours else ""


def _place(file: str, line: int | None) -> str:
    return f"{os.path.relpath(file, ROOT) if file.startswith(str(ROOT)) else file}, line {line}"
