"""Monotonic clock for gunicorn's graceful shutdown of a worker."""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace

# This module uses only `time.time`, which it looks up by the name `time`.
_MODULE = "gunicorn.workers.ggevent"


def use_monotonic_clock() -> None:
    """Replace the wall clock of gunicorn's gevent worker, whose jumps would cut answers short."""
    if module := sys.modules.get(_MODULE):
        setattr(module, "time", SimpleNamespace(time=time.monotonic))  # noqa: B010 - mypy does not know the attribute
