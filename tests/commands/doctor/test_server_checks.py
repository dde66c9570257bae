"""Checks of the running server, its workers and its logs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.server.pid_file import PidFile
from config.server.worker_reports import WorkerReports

from .conftest import Make, lines_of, provokes

GB = 1 << 30


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., None]:
    """Return a function that writes the report of a worker whose process is this one."""
    run = tmp_path / "data/run"

    def write(**fields: object) -> None:
        WorkerReports(run).publish({"pid": os.getpid(), "mode": "async", "loop_lag_ms": 1.0} | fields, {})

    return write


class TestRunningServer:
    @pytest.fixture(autouse=True)
    def master(self, tmp_path: Path) -> Any:
        """A child process that holds the pid file, as a master does."""
        ready, said = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                PidFile().acquire(tmp_path / "data/run")
                os.write(said, b"x")
                time.sleep(120)
            finally:
                os._exit(0)
        assert os.read(ready, 1) == b"x"
        os.close(ready)
        os.close(said)
        yield child
        os.kill(child, 9)
        os.waitpid(child, 0)

    @provokes("PAR031", "PAR033")
    def test_it_agrees(self, make: Make, report: Callable[..., None], tmp_path: Path) -> None:
        report()
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs/app.log").write_text("… 🚀 Using ASYNC agent for conversation 1\n")
        lines = lines_of(make(WEB_CONCURRENCY=1))
        assert [lines[code].level for code in ("PAR031", "PAR032", "PAR033", "PAR003")] == ["pass"] * 4
        lines = lines_of(make(WEB_CONCURRENCY=1, USE_ASYNC_AGENT="false"))
        assert (lines["PAR031"].level, lines["PAR033"].level) == ("fail", "warn")
        assert lines["PAR031"].remedy.startswith("flask --app wsgi mode sync")

    @provokes("PAR030")
    def test_it_does_not_answer(self, make: Make, report: Callable[..., None]) -> None:
        assert lines_of(make(PORT=1), "PAR030")["PAR030"].level == "fail"

    @provokes("PAR032")
    def test_workers_that_are_missing_late_or_hang(
        self, make: Make, report: Callable[..., None], tmp_path: Path
    ) -> None:
        assert lines_of(make(), "PAR031")["PAR031"].level == "skip"
        report()
        assert "1 of 4 workers" in lines_of(make(), "PAR032")["PAR032"].message
        report(loop_lag_ms=900.0)
        assert "900 ms" in lines_of(make(WEB_CONCURRENCY=1), "PAR032")["PAR032"].message
        path = tmp_path / f"data/run/{os.getpid()}.json"
        path.write_text(path.read_text().replace('"published": ', '"published": 1, "was": '))
        monotonic = time.monotonic()
        path.write_text(path.read_text().replace('"published": 1,', f'"published": {monotonic - 20},'))
        assert lines_of(make(WEB_CONCURRENCY=1), "PAR032")["PAR032"].level == "fail"

    @provokes("PAR003")
    def test_a_program_that_was_changed(self, make: Make, tmp_path: Path) -> None:
        (tmp_path / "chat").mkdir()
        changed = tmp_path / "chat/new.py"
        changed.write_text("")
        os.utime(changed, (time.time() + 60,) * 2)
        line = lines_of(make(root=tmp_path), "PAR003")["PAR003"]
        assert (line.level, "chat/new.py" in line.message) == ("warn", True)


@provokes("PAR034")
def test_large_logs(make: Make, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with (tmp_path / "logs/access.log").open("wb") as file:
        file.truncate(2 * GB)
    assert lines_of(make(), "PAR034")["PAR034"].level == "warn"
