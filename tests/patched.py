"""Tests run once more in a process of their own that gevent has patched."""

from __future__ import annotations

import subprocess
import sys

from config.paths import ROOT

_PATCHED = """
from gevent import monkey
monkey.patch_all()
import sys, pytest
assert monkey.is_module_patched("threading") and monkey.is_module_patched("ssl")
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


def run_under_gevent(*arguments: str) -> None:
    """Run pytest with arguments, from the program's folder. Raises AssertionError with its output if a test fails."""
    run = subprocess.run(
        [sys.executable, "-c", _PATCHED, *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
