"""The reload that HUP requests from gunicorn's master: a preflight, then the reload itself.

HUPs that arrive meanwhile become one further reload.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.server.reload.preflight import Outcome, Preflight


def _start() -> Preflight:
    # Imported late, because it imports `subprocess`, which gevent patches in the workers forked from here.
    from config.server.reload.preflight import Preflight  # noqa: PLC0415

    return Preflight(sys.executable, sys.argv[1:], os.environ, Path.cwd())


class PendingReload:
    """State of the reloads of one master. Nothing here blocks."""

    def __init__(self, start: Callable[[], Preflight] = _start) -> None:
        self._start = start
        self._requested = False
        self._preflight: Preflight | None = None

    @property
    def in_preflight(self) -> bool:
        return self._preflight is not None

    def request(self) -> bool:
        """Request a reload. Return whether one is under way already, which then includes this request."""
        merged = self._requested or self.in_preflight
        self._requested = True
        return merged

    def advance(self, may_begin: bool) -> Outcome | None:
        """Begin the preflight of a requested reload if it `may_begin`. Return the outcome once it has ended.

        Raises OSError if its process could not be started.
        """
        if self._preflight is None:
            if self._requested and may_begin:
                self._requested = False
                self._preflight = self._start()
            return None
        outcome = self._preflight.poll()
        if outcome is not None:
            self._preflight = None
        return outcome

    def poll(self) -> None:
        """Read the exit status of the preflight's process, before the master reaps it with those of its workers."""
        if self._preflight is not None:
            self._preflight.poll()

    def cancel(self) -> None:
        """Kill the preflight's process."""
        if self._preflight is not None:
            self._preflight.kill()
            self._preflight = None
