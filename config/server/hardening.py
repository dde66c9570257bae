"""What the server protects itself from on its own machine: other users who read its files, a stray SCRIPT_NAME."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def harden() -> None:
    """Make what this process and its children write readable by their user alone, and forget SCRIPT_NAME."""
    os.umask(0o077)
    # gunicorn would take it off every path: then the checks of paths would see others than the browser asked for.
    os.environ.pop("SCRIPT_NAME", None)


def exposure_warning(env_file: Path) -> str:
    """Return a sentence about a `.env` that other users of this machine can read, or nothing."""
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
