"""Has gunicorn measure a worker's grace by a clock that nobody sets."""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace

# The only thing that this module does with `time`, looked up by its name there.
_MODULE = "gunicorn.workers.ggevent"


def use_monotonic_clock() -> None:
    """Replace the wall clock of gunicorn's gevent worker, which would cut answers short when it is put forward."""
    if module := sys.modules.get(_MODULE):
        setattr(module, "time", SimpleNamespace(time=time.monotonic))  # noqa: B010 - not an attribute that mypy knows
