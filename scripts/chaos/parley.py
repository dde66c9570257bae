"""The server under test: a copy of the program with files of its own, started, killed, restarted, switched."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from scripts.chaos.connection import Address, Dropped, Refused
from scripts.kit.program import START_S, NotStarted
from scripts.kit.program_copy import copy_program
from scripts.kit.server_runner import GUNICORN, ServerRunner, inherited_environment
from scripts.kit.waiting import poll

FLAGS = {"async": "true", "sync": "false"}
# Run a command under another host name, as on another machine. Needs root.
_UNDER_NAME = ["unshare", "--uts", "sh", "-c", 'echo "$0" > /proc/sys/kernel/hostname && exec "$@"']


class CannotRun(Exception):
    """The server cannot be started or switched; the message says why."""


class Parley(ServerRunner):
    """Four workers on a free port; `settings` as in `.env`, which alone configures it. A context manager.

    The program is copied, because the switch between the modes writes the `.env` beside it.
    """

    own_session = True

    def __init__(self, folder: Path, mode: str, **settings: object) -> None:
        super().__init__(folder, program=folder)
        self.mode = mode
        self.host = ""
        self.address = Address("127.0.0.1", self.port)
        self._dotenv = {"PORT": self.port, "WEB_CONCURRENCY": 4, "USE_ASYNC_AGENT": FLAGS[mode]} | settings
        copy_program(folder, self._dotenv)

    def __exit__(self, *_: object) -> None:
        self.close()

    def twin(self, folder: Path) -> Parley:
        """Return another server with the same settings, database and data folder."""
        settings = {name: value for name, value in self._dotenv.items() if name != "PORT"}
        shared = {"DATA_DIR": self.folder / "data"}
        return Parley(folder, self.mode, **{"DATABASE_URL": f"sqlite:///{self.database}"} | settings | shared)

    def elsewhere(self, folder: Path, **settings: object) -> Parley:
        """Return a server with the same settings, but for these, on another machine, which has no data yet."""
        folder.mkdir()
        same = {name: value for name, value in self._dotenv.items() if name != "PORT"}
        return Parley(folder, self.mode, **same | settings)

    def on_another_machine(self, folder: Path, host: str) -> Parley:
        """Return another server with the same settings and database, but files and a host name of its own.

        So it has no socket in common with this one, and neither knows whether a process of the other is alive.
        """
        settings = {name: value for name, value in self._dotenv.items() if name != "PORT"}
        other = Parley(folder, self.mode, **{"DATABASE_URL": f"sqlite:///{self.database}"} | settings)
        other.host = host
        return other

    @property
    def database(self) -> Path:
        return self.folder / "data" / "chat.db"

    @property
    def size(self) -> int:
        """Return the number of workers that the server should have."""
        return int(str(self._dotenv["WEB_CONCURRENCY"]))

    def start(self, files: int = 0) -> None:
        """Start the server, with a limit of `files` open files, and wait until it is ready. Raises CannotRun."""
        limit = ["bash", "-c", f'ulimit -n {files}; exec "$@"', "-"] if files else []
        under_name = [*_UNDER_NAME, self.host] if self.host and os.geteuid() == 0 else []
        self.command = [*under_name, *limit, *GUNICORN]
        super().start()

    def wait_until_ready(self) -> None:
        """Wait for a good answer of `/readyz`. Raises CannotRun."""
        try:
            super().wait_until_ready()
        except NotStarted as error:
            raise CannotRun(str(error)) from None

    def time_to_stop(self, timeout_s: float) -> float:
        """End the server and return how long that took. Raises subprocess.TimeoutExpired."""
        since = time.monotonic()
        self.stop(timeout_s)
        return time.monotonic() - since

    def kill_master(self) -> list[int]:
        """Kill -9 the master alone. Returns its workers, which live on."""
        workers = self.workers
        self.running.kill()
        self.running.wait()
        return workers

    def hang_up(self) -> None:
        """Request a reload."""
        self.running.send_signal(signal.SIGHUP)

    def kill_worker(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def switch(self, mode: str) -> None:
        """Change the worker class as an operator does. Raises CannotRun with the command's output."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "mode", mode],
            cwd=self.folder, env=inherited_environment(), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode:
            raise CannotRun(f"`flask --app wsgi mode {mode}` failed: {(done.stderr or done.stdout).strip()}")

    def wait_until_started(self, count: int) -> None:
        """Wait until `count` workers have started and published a report. Raises CannotRun."""
        if not poll(lambda: len(self.started()) >= count, START_S, 0.05):
            raise CannotRun(f"There are not {count} workers after {START_S:g} s; {self.last_lines()}")

    def started(self) -> set[int]:
        """Return the live workers that have published a report."""
        with contextlib.suppress(Dropped, Refused):
            report = self.address.ask("GET", "/admin/memory-debug", headers={"Accept": "application/json"}).json
            return {worker["pid"] for worker in report["workers"] if not worker["stale"]} & set(self.workers)
        return set()
