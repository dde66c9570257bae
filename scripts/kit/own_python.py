"""The Python that runs a script: the one it was started with, or that of the repository's virtual environment.

Python 3.7 must be able to read this file.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
# What the scripts import that start servers.
SERVER_PACKAGES = ("gunicorn", "gevent", "flask", "dotenv", "psycopg")
NO_SERVER_PACKAGES = "This starts servers, and needs what they need: run ./scripts/serve once, it makes .venv."


def continue_in_venv(packages: Sequence[str]) -> bool:
    """Return whether this Python is new enough and has `packages`. If not, start again with that of .venv, if any."""
    suitable = sys.version_info >= (3, 11) and all(importlib.util.find_spec(name) for name in packages)
    python = _ROOT / ".venv" / "bin" / "python"
    if not suitable and python.exists() and Path(sys.prefix).resolve() != (_ROOT / ".venv").resolve():
        os.execv(python, [str(python), *sys.argv])
    return suitable
