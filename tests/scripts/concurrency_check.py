"""Runs of the concurrency check for its tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CERTIFICATE = ROOT / "tests" / "servers" / "localhost.pem"
CONCURRENT = re.compile(
    r"^✅ TRUE CONCURRENCY: Requests processed in parallel\n"
    r"   \(Total time \d+\.\ds ≈ Max response \d+\.\ds\)$"
)
SEQUENTIAL = re.compile(
    r"^⚠️ SEQUENTIAL PROCESSING: Requests queued/blocked\n"
    r"   \(Total time \d+\.\ds >> Max response \d+\.\ds\)$"
)
_LAST_SENTENCE = re.compile(r"^[A-Z]+( [A-Z]+)*: .*\.$")


@dataclass
class Done:
    """The end of a check, with the names of `subprocess.CompletedProcess`."""

    returncode: int
    stdout: str
    stderr: str


def check(*arguments: Any, root: Path = ROOT, python: tuple[str, ...] = (sys.executable,), **env: str) -> Any:
    """Run the command as it is typed."""
    command = [*python, "scripts/test_concurrent_users.py", *map(str, arguments)]
    environ = {name: value for name, value in os.environ.items() if name not in ("HOST", "PORT")} | env
    return subprocess.run(command, check=False, cwd=root, env=environ, capture_output=True, text=True, timeout=60)


def verdict(output: str) -> str:
    """Return the two lines of the verdict, which are the last ones but for a sentence with the cause."""
    lines = output.splitlines()
    return "\n".join(lines[-3:-1] if _LAST_SENTENCE.match(lines[-1]) else lines[-2:])


def cause(output: str) -> str:
    """Return the sentence after the verdict, or ""."""
    last = output.splitlines()[-1]
    return last if _LAST_SENTENCE.match(last) else ""
