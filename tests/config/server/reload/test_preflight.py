"""Process of a preflight: its output and its time limit. A real start is in `tests/commands/test_mode.py`."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from config.server.reload import preflight
from config.server.reload.preflight import Outcome, Preflight, cause, starved_s


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("parley: PORT is 'x', but takes a number.\n", "PORT is 'x', but takes a number"),
        ("Traceback (most recent call last):\n  x\nRuntimeError: boom\n", "RuntimeError: boom"),
        ("\nError: class not found: \n\n[Traceback:\nImportError: no gevent\n]\n", "ImportError: no gevent"),
        ("", "no reason was given"),
        ("]\n\n", "no reason was given"),
        ("bell\x07 and \x1b[31mred\n", "bell  and  [31mred"),
        ("x" * 1000, "x" * 300),
    ],
)
def test_the_cause_is_the_last_in_the_output(output: str, reason: str) -> None:
    assert cause(output) == reason


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 0", "it ended before it was ready"),
        ("echo '{}'", "it ended before it was ready"),
        ("echo no; exit 3", "no reason was given"),
        ("kill -KILL $$", "it was ended by SIGKILL"),
        ("exec sleep 60", "it was not ready after 1 s"),
    ],
)
def test_a_preflight_that_comes_to_nothing(tmp_path: Path, script: str, reason: str) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    assert preflight.check(str(python), [], dict(os.environ), tmp_path, limit_s=1.0).failure == reason


def test_a_preflight_without_a_python(tmp_path: Path) -> None:
    assert "No such file" in preflight.check(str(tmp_path / "python"), [], {}, tmp_path).failure


def test_a_busy_machine_is_given_time(tmp_path: Path) -> None:
    """The script runs longer than its limit, but is not ended: the machine gave it no CPU until then."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nread line < go\necho \'{"mode": "async", "workers": 2}\'\n')
    python.chmod(0o755)
    os.mkfifo(tmp_path / "go")
    looks: list[int] = []
    started = Preflight(str(python), [], dict(os.environ), tmp_path, 0.0, lambda pid: looks.append(pid) or 60.0)
    assert started.poll() is None
    assert len(looks) == 1
    (tmp_path / "go").write_text("go\n")
    assert started.wait() == Outcome(mode="async", workers=2)


def test_the_time_for_which_a_process_was_starved() -> None:
    began_at = time.monotonic()
    before = starved_s(os.getpid())
    after = starved_s(os.getpid())
    assert 0 <= after - before <= time.monotonic() - began_at
    assert starved_s(0) == 0
