"""Packages from npm that only the tests need, at the versions and checksums in package-lock.json.

They are fetched when one is first needed, into node_modules/, which git ignores. Of several processes that need them
at once, one fetches them and the others wait.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parent


def package(name: str) -> Path:
    """Return the folder of a package that package.json names."""
    folder = _HERE / "node_modules" / name
    with (_HERE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "package.json").exists():
            _fetch()
    return folder


def _fetch() -> None:
    if shutil.which("npm") is None and os.environ.get("CI") != "true":
        pytest.skip("npm is not installed, which fetches what the tests need (Debian: apt-get install npm)")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=_HERE, check=True, capture_output=True, timeout=120)
