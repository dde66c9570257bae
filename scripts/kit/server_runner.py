"""A server as a process on a port of its own: start, wait until ready, stop, kill."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from scripts.kit import processes
from scripts.kit.port import HeldPort
from scripts.kit.waiting import poll

ROOT = Path(__file__).resolve().parents[2]
GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "gunicorn.gevent.py", "wsgi:app")
START_S = 60.0
STOP_S = 60.0
_LAST_LINES = 20
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")

Runner = TypeVar("Runner", bound="ServerRunner")


class NotStarted(Exception):
    """The server ended at its start, or was not ready in time. The message has the end of its console."""


class ServerRunner:
    """A server with its files in `folder`, where `console.log` has its output. A context manager.

    `program` is the folder from which it is started. `command` and `settings`, which are environment variables, may
    change before a start. `ready_s` is the time from the last start to the first good answer of `/readyz`.
    """

    # Whether `kill` also ends workers whose master is dead. Such a server outlives a killed terminal.
    own_session = False
    look_s = 0.05

    def __init__(self, folder: Path, command: Sequence[str] = GUNICORN, program: Path = ROOT) -> None:
        self.folder = folder
        self.program = program
        self.command = command
        self.settings: dict[str, object] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.ready_s = 0.0
        self._port = HeldPort()
        self.port = self._port.number
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self: Runner) -> Runner:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.kill() if kind else self.stop()
        finally:
            self.release()

    def release(self) -> None:
        """Give the port back."""
        self._port.release()

    def start(self) -> None:
        """Start the server and wait until it is ready. Raises NotStarted."""
        since = time.monotonic()
        environment = inherited_environment() | {name: str(value) for name, value in self.settings.items()}
        with (self.folder / "console.log").open("ab") as console:
            self.process = subprocess.Popen(
                self.command, cwd=self.program, env=environment, start_new_session=self.own_session,
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            )  # fmt: skip
        try:
            self.wait_until_ready()
        except BaseException:
            self.kill()
            raise
        self.ready_s = time.monotonic() - since

    def stop(self, patience_s: float = STOP_S) -> int:
        """End the server as systemd or Docker would, and return its exit status.

        Kills it where that takes too long, and then raises subprocess.TimeoutExpired.
        """
        process = self.running
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill -9 every process of the server."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if self.own_session:
                os.killpg(self.process.pid, signal.SIGKILL)
            elif self.process.poll() is None:
                for pid in processes.family(self.process.pid):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def signal(self, number: int) -> None:
        """Send a signal to the master."""
        self.running.send_signal(number)

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """The process of the last start."""
        assert self.process is not None
        return self.process

    @property
    def workers(self) -> list[int]:
        """The pids of the workers, with those that are just starting or ending."""
        return processes.children(self.running.pid)

    def is_ready(self) -> bool:
        """Return whether `/readyz` answers 200, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Connection": "close"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait_until_ready(self) -> None:
        """Wait for a good answer of `/readyz`. Raises NotStarted."""
        poll(lambda: self.running.poll() is not None or self.is_ready(), START_S, self.look_s)
        if self.running.poll() is not None:
            raise NotStarted(f"The server ended at its start; {self.last_lines()}")
        if not self.is_ready():
            raise NotStarted(f"The server is not ready after {START_S:g} s; {self.last_lines()}")

    def console(self) -> str:
        """Return the server's output since its first start."""
        path = self.folder / "console.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def last_lines(self) -> str:
        """Return the path of the console's file, and its last lines."""
        lines = self.console().splitlines()[-_LAST_LINES:]
        return "\n".join([f"{self.folder / 'console.log'} ends with:", *lines])


def inherited_environment() -> dict[str, str]:
    """Return what a server needs of this process's environment, without the settings of its shell."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def parley_settings(folder: Path, port: int) -> dict[str, object]:
    """Return settings with every file in `folder`, no titles, and no data source that is not named."""
    return {
        "PORT": port,
        "DATA_DIR": folder / "data",
        "LOG_DIR": folder / "logs",
        "DATABASE_URL": f"sqlite:///{folder}/chat.db",
        # Scripts and tests count the requests that a model gets, so they ask for titles when they want them.
        "TITLE_MODEL": "none",
        # Nothing listens there.
        "WORLD_BANK_URL": "http://127.0.0.1:9/v2",
        "FRANKFURTER_URL": "http://127.0.0.1:9/v1",
    }
