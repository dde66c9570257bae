"""Processes of this machine."""

from __future__ import annotations

import os


def is_alive(pid: int) -> bool:
    """Return whether a process with this number exists, whichever user runs it."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # or a number that no process can have
        return False
    except PermissionError:
        return True
    return True
