"""The reference's packages: from this Python if it has them, otherwise installed in a folder of their own."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_WANTED = ("uvicorn", "uvloop", "httptools")


class Missing(Exception):
    """One sentence: what could not be installed, and what to do."""


def folder(parent: Path) -> Path | None:
    """Return the packages' folder for PYTHONPATH, or None when this Python has them. Raises Missing."""
    if all(importlib.util.find_spec(name) for name in _WANTED):
        return None
    target = parent / f"packages-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    if not (target / "complete").exists():
        _install(target)
    return target


def _install(target: Path) -> None:
    print(f"Installing the reference's packages into {target} ...", flush=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--upgrade", "--target", str(target), "-r", str(REQUIREMENTS)]
    if subprocess.run(command, check=False).returncode:
        raise Missing(f"Could not install {REQUIREMENTS}; install it by hand, or leave the reference out: --alone.")
    (target / "complete").touch()
