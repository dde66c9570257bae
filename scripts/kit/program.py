"""A server program as a process with a port of its own: start, wait until ready, stop, kill."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from scripts.kit import processes
from scripts.kit.port import HeldPort, listens
from scripts.kit.waiting import poll

START_S = 60.0
STOP_S = 60.0
_LAST_LINES = 20

AnyProgram = TypeVar("AnyProgram", bound="Program")


class NotStarted(Exception):
    """The program ended at its start, or was not ready in time. The message has the end of its output."""


class Program:
    """A program with its files in `folder`, where `console.log` has its output. A context manager.

    A subclass defines `arguments`, and `is_ready` where an open port is not enough. `ready_s` is the time from the
    last start until the program was ready.
    """

    # Name in messages.
    name = "The server"
    end_signal = signal.SIGTERM
    # Whether `kill` also ends workers whose master is dead. Such a server outlives a killed terminal.
    own_session = False
    look_s = 0.05

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.ready_s = 0.0
        self._port = HeldPort()
        self.port = self._port.number

    def __enter__(self: AnyProgram) -> AnyProgram:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.kill() if kind else self.stop()
        finally:
            self.release()

    def prepare(self) -> None:
        """Write the program's files, before its first start."""

    def arguments(self) -> Sequence[str | Path]:
        """Return the command and its arguments."""
        raise NotImplementedError

    def popen_options(self) -> dict[str, Any]:
        """Return further arguments of Popen."""
        return {}

    def is_ready(self) -> bool:
        return listens(self.port)

    def start(self) -> None:
        """Start the program and wait until it is ready. Raises NotStarted."""
        since = time.monotonic()
        with (self.folder / "console.log").open("ab") as console:
            self.process = subprocess.Popen(
                self.arguments(), start_new_session=self.own_session,
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, **self.popen_options(),
            )  # fmt: skip
        try:
            self.wait_until_ready()
        except BaseException:
            self.kill()
            raise
        self.ready_s = time.monotonic() - since

    def wait_until_ready(self) -> None:
        """Wait until the program is ready. Raises NotStarted."""
        ready = poll(lambda: self.running.poll() is not None or self.is_ready(), START_S, self.look_s)
        if self.running.poll() is not None:
            raise NotStarted(f"{self.name} ended at its start; {self.last_lines()}")
        if not ready:
            raise NotStarted(f"{self.name} is not ready after {START_S:g} s; {self.last_lines()}")

    def stop(self, timeout_s: float = STOP_S) -> int:
        """End the program as systemd or Docker would, and return its exit status.

        Kills it if that takes too long, and then raises subprocess.TimeoutExpired.
        """
        process = self.running
        if process.poll() is None:
            process.send_signal(self.end_signal)
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill -9 every process of the program, also paused ones."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if self.own_session:
                os.killpg(self.process.pid, signal.SIGKILL)
            elif self.process.poll() is None:
                for pid in processes.family(self.process.pid):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def pause(self) -> None:
        """Stop all processes with SIGSTOP: the kernel still accepts connections, but nothing is answered."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """End a pause. Everything that was sent meanwhile is processed."""
        self._signal_all(signal.SIGCONT)

    def release(self) -> None:
        """Give the port back."""
        self._port.release()

    def close(self) -> None:
        """Kill the program, if it was started, and give the port back."""
        try:
            self.kill()
        finally:
            self.release()

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """Return the process of the last start."""
        assert self.process is not None
        return self.process

    def console(self) -> str:
        """Return the program's output since its first start."""
        path = self.folder / "console.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def last_lines(self) -> str:
        """Return the path of the console's file, and its last lines."""
        lines = self.console().splitlines()[-_LAST_LINES:]
        return "\n".join([f"{self.folder / 'console.log'} ends with:", *lines])

    def _signal_all(self, number: int) -> None:
        for pid in processes.family(self.running.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
