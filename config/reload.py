"""SIGHUP made harmless: the master reloads only what it has seen start.

gunicorn reads the configuration in its master, drops the old state as it goes, and ends the whole server when the
worker class cannot be loaded or the new workers cannot import the application.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def try_first(server: Any) -> None:
    """Have `server` (gunicorn's arbiter) try each reload out, and stay as it is where the trial fails."""
    reload = server.handle_hup

    def handle_hup() -> None:
        from config import trial  # noqa: PLC0415 - with `subprocess`, which no worker needs before gevent patches it

        outcome = trial.attempt(sys.executable, sys.argv[1:], os.environ, Path.cwd())
        if outcome.failure:
            server.log.error(
                "parley: nothing is reloaded, since it would not start (%s). The server goes on as it was.",
                outcome.failure,
            )
        else:
            reload()

    server.handle_hup = handle_hup
