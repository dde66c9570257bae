"""Protection against other users of the machine who could read files, and against a stray SCRIPT_NAME."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def harden() -> None:
    """Make files of this process and its children readable by their user only, and remove SCRIPT_NAME."""
    os.umask(0o077)
    # gunicorn would remove it from every path, so that our checks would see other paths than the browser requested.
    os.environ.pop("SCRIPT_NAME", None)


def exposure_warning(env_file: Path) -> str:
    """Return a warning if other users of this machine can read `.env`; empty otherwise."""
    try:
        mode = env_file.stat().st_mode
    except OSError:
        return ""
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return ""
    return (
        f"{env_file} can be read by other users of this machine (mode {stat.S_IMODE(mode):04o}); "
        "if it holds keys: chmod 600, or give the server's user alone the right to read it."
    )
