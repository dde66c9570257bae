"""Reports of a server's workers: one small file each in `run/`, written about once a second.

They are files, so a worker that hangs is still listed, as stale, and a process that is no worker can read them.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.server.processes import is_alive, start_ticks

STALE_AFTER_S = 5.0
# A report this old belongs to a dead worker whose process id was reused. It is hidden but not removed, because the
# socket may belong to a live worker.
_HIDDEN_AFTER_S = 120.0
_PID_DIGITS = 9
# Fields of a report that are used among workers only.
_INTERNAL_FIELDS = ("process_began", "published", "about")


class WorkerReports:
    """Reports in `run_dir`, which is shared by the workers of one server only."""

    def __init__(self, run_dir: Path) -> None:
        self._dir = run_dir

    def publish(self, report: dict[str, Any], attributes: dict[str, Any]) -> None:
        """Write the report of this process. A failure, such as a full disk, is ignored.

        `report["pid"]` is this process. Other workers can read `attributes`; they are not part of the report.
        """
        path = self._path(os.getpid())
        scratch = path.with_suffix(".tmp")
        internal = {"process_began": start_ticks(os.getpid()), "published": time.monotonic(), "about": attributes}
        with contextlib.suppress(OSError):
            self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            scratch.write_text(json.dumps(report | internal), encoding="utf-8")
            scratch.replace(path)

    def remove(self, pid: int) -> None:
        """Remove the report of a worker that has ended, and its socket."""
        self._forget(self._path(pid))

    def all(self) -> list[dict[str, Any]]:
        """Return the last report of each live worker, with `stale` set if it is old. Removes those of dead workers."""
        reports = []
        for path, pid in self._files():
            if not is_alive(pid):
                self._forget(path)
            elif (report := self._read(pid)) is not None and (age_s := _age_s(report)) <= _HIDDEN_AFTER_S:
                fields = {name: value for name, value in report.items() if name not in _INTERNAL_FIELDS}
                reports.append(fields | {"stale": age_s > STALE_AFTER_S})
        return reports

    def attributes_of_others(self) -> list[dict[str, Any]]:
        """Return the attributes of all live workers but this process."""
        reports = [self._read(pid) or {} for pid in self.live_pids() if pid != os.getpid()]
        return [each["about"] for each in reports if isinstance(each.get("about"), dict)]

    def live_pids(self) -> list[int]:
        """Return the process ids that have a report and exist, even if the report is not readable."""
        return [pid for _, pid in self._files() if is_alive(pid)]

    def belongs(self, pid: int) -> bool | None:
        """Return whether the live process `pid` wrote the report with its id; None if there is no report."""
        report = self._read(pid)
        return None if report is None else report.get("process_began") == start_ticks(pid)

    def _files(self) -> Iterator[tuple[Path, int]]:
        for path in sorted(self._dir.glob("*.json")):
            if path.stem.isdecimal():
                yield path, int(path.stem[:_PID_DIGITS])

    def _read(self, pid: int) -> dict[str, Any] | None:
        """Return the last report of the worker with this process id, None if there is no valid one."""
        # Files that are no report of a worker, or incomplete, are ignored.
        with contextlib.suppress(OSError, ValueError, RecursionError):
            report = json.loads(self._path(pid).read_text(encoding="utf-8"))
            if isinstance(report, dict) and report.get("pid") == pid:
                return report
        return None

    def _forget(self, path: Path) -> None:
        for each in (path, path.with_suffix(".sock")):
            with contextlib.suppress(OSError):
                each.unlink()

    def _path(self, pid: int) -> Path:
        return self._dir / f"{pid}.json"


def _age_s(report: dict[str, Any]) -> float:
    """Return the age of a report in seconds. The monotonic clock is the same for all processes of a machine."""
    published = report.get("published")
    if not isinstance(published, int | float):  # written by an earlier version
        return 0.0
    return max(0.0, time.monotonic() - published)
