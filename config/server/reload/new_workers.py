"""The workers of a running server before and after a reload, as their reports show them."""

from __future__ import annotations

import time
from typing import Any

from config.mode import Mode
from config.server.reload.running_master import RunningMaster
from config.server.worker_reports import WorkerReports

_POLL_S = 0.1


class NewWorkers:
    """Workers of `master` that report for the first time after this was created."""

    def __init__(self, master: RunningMaster) -> None:
        self._master = master
        self._reports = WorkerReports(master.run_dir)
        self._old = self._present()

    @property
    def old(self) -> int:
        """Number of earlier workers, those that finish their answers included."""
        return len(self._old)

    @property
    def old_left(self) -> int:
        """Number of earlier workers that are still there."""
        return len(self._present() & self._old)

    def wait(self, count: int, mode: Mode, timeout_s: float) -> None:
        """Wait until `count` new workers report this mode. Raises ProcessLookupError, TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while len(self._present(mode) - self._old) < count:
            if not self._master.alive:
                raise ProcessLookupError(self._master.pid)
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(_POLL_S)

    def _present(self, mode: Mode | None = None) -> set[tuple[int, str]]:
        """Return the workers that report, of one mode or of any, by pid and start time, since pids are reused."""
        reports: list[dict[str, Any]] = [report for report in self._reports.all() if not report["stale"]]
        return {
            (report["pid"], str(report.get("started_at")))
            for report in reports
            if mode is None or report.get("mode") == mode.name
        }


def servers(master: RunningMaster) -> set[str]:
    """Return the names of the servers whose workers report in the master's folder."""
    reports = WorkerReports(master.run_dir).all()
    return {str(report["server"]) for report in reports if "server" in report}


def newest_mode(master: RunningMaster) -> str:
    """Return the name of the mode of the worker that started last; empty if none reports."""
    reports = WorkerReports(master.run_dir).all()
    newest = max(reports, key=lambda report: str(report.get("started_at")), default={})
    return str(newest.get("mode", ""))
