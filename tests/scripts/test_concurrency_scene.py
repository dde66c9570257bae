"""The guide's scene on the real server, with answers of a second instead of twenty."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from scripts.concurrency import options, scene
from scripts.kit import processes
from scripts.kit.waiting import wait_until

from .concurrency_check import ROOT

pytestmark = [pytest.mark.by_times, pytest.mark.system]


def test_before_and_after_as_measured(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    chosen = options.parse(["12", "--scene", "--html", str(tmp_path / "after.html")])
    status = scene.play(chosen, sys.stdout, answer_s=3.0)
    output = capfd.readouterr().out
    assert re.search(r"^Users who asked +8 +12$", output, re.MULTILINE), output
    assert re.search(r"^Concurrent users +4 +12$", output, re.MULTILINE), output
    assert re.search(r"^User experience +user 5\+ waits, .* at most +all begin at once", output, re.MULTILINE), output
    assert re.search(r"^  User 5: +\[·+-*=+ *\] ✓ ", output, re.MULTILINE), output
    before, _, after = output.partition("async, 4 workers:\n")
    assert "⚠️ SEQUENTIAL PROCESSING" in before
    assert "gthread with 4 threads; set USE_ASYNC_AGENT=true." in before
    assert after.startswith("✅ TRUE CONCURRENCY"), after
    assert status == 0
    assert "TRUE CONCURRENCY" in (tmp_path / "after.html").read_text()


def test_ctrl_c_leaves_nothing_behind() -> None:
    # A short path: the server has Unix sockets in it.
    tmp_path = Path(tempfile.mkdtemp(prefix="t"))
    command = [sys.executable, "scripts/test_concurrent_users.py", "4", "--scene"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        while "being answered" not in (line := process.stdout.readline()):
            assert line
        pids = processes.family(process.pid)
        assert len(pids) >= 4  # the check, the model, gunicorn and its worker
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    assert "Interrupted: the scene was not played to its end." in rest
    assert process.returncode == 2
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "every process has ended")
    tmp_path.rmdir()  # which is empty
