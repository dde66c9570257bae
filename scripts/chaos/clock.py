"""A wall clock that can be put forward and back under a running server.

Every process of the server has `time.time` replaced at its start, by a module that Python imports by itself. (The
usual library for this, libfaketime, blocks all processes of a server when one of them is stopped.) The kernel's
clock as C code sees it, and the monotonic clock, stay true, as on a machine whose wall clock is set.
"""

from __future__ import annotations

from pathlib import Path

_MODULE = """
import os
import time

_FILE = {file!r}
_true_time = time.time


def _difference():
    try:
        with open(_FILE) as file:
            return float(file.read())
    except (OSError, ValueError):
        return 0.0


time.time = lambda: _true_time() + _difference()
time.time_ns = lambda: int(time.time() * 1e9)
"""


class WallClock:
    """The wall clock of a server started with `environment`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "wall-clock"
        self._modules = folder / "at-start"
        self._modules.mkdir()
        (self._modules / "sitecustomize.py").write_text(_MODULE.format(file=str(self._file)))
        self.put(0)

    @property
    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(self._modules)}

    def put(self, seconds: int) -> None:
        """Set the difference between the server's wall clock and the true one, in seconds."""
        scratch = self._file.with_suffix(".new")
        scratch.write_text(str(seconds))
        scratch.replace(self._file)
