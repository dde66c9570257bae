"""The tests of blocking code once more, in a process patched by gevent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PATCHED = """
from gevent import monkey
monkey.patch_all()
import sys, pytest
assert monkey.is_module_patched("threading") and monkey.is_module_patched("ssl")
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


FILES = (
    "demo/test_timing.py",
    "openai/test_client.py",
    "openai/test_client_cancellation.py",
    "openai/transport/test_lean.py",
    "openai/transport/test_lean_connections.py",
    "openai/transport/test_lean_stages.py",
)


def test_the_same_under_gevent():
    run = subprocess.run(
        [sys.executable, "-c", PATCHED, *(str(Path(__file__).parent / name) for name in FILES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
