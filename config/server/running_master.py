"""gunicorn's master as somebody outside sees it: where it is, what it was started with, how it is told to reload.

Read from Linux's /proc. How the master makes itself known: `config/server/pid_file.py`.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from config.server import pid_file
from config.settings import ROOT

_ARGUMENTS = ("-c", "gunicorn.gevent.py", "wsgi:app")


@dataclass(frozen=True, slots=True)
class Master:
    """A running master; or, without `pid`, the one that would run if it were started now from here."""

    run_dir: Path
    environ: dict[str, str] = field(repr=False)
    pid: int = 0
    python: str = sys.executable
    arguments: tuple[str, ...] = _ARGUMENTS
    folder: Path = ROOT

    @property
    def alive(self) -> bool:
        return bool(self.pid) and pid_file.master(self.run_dir) == self.pid

    def reload(self) -> None:
        """Send SIGHUP. Raises OSError."""
        # Asked again, so that the number cannot have become somebody else's.
        if not self.alive:
            raise ProcessLookupError(self.pid)
        os.kill(self.pid, signal.SIGHUP)


def find(run_dir: Path) -> Master:
    """The master that runs with this folder, or without one what a start from here would be.

    Raises pid_file.ServerElsewhere, and PermissionError where it belongs to another user.
    """
    pid = pid_file.master(run_dir)
    if pid is None:
        return Master(run_dir, environment())
    os.kill(pid, 0)
    if not Path("/proc/self").exists():  # not Linux: as if it had been started from here
        return Master(run_dir, environment(), pid)
    python, arguments = _command_line(pid)
    return Master(run_dir, environment(pid), pid, python, arguments, Path(f"/proc/{pid}/cwd").readlink())


def environment(pid: int | str = "self") -> dict[str, str]:
    """The environment that a process was given at its start. What it has put there since, as the `flask` command
    does with `.env`, is not in it. Raises PermissionError.
    """
    try:
        entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except FileNotFoundError:  # not Linux
        return dict(os.environ)
    pairs = [os.fsdecode(entry).partition("=") for entry in entries if b"=" in entry]
    return {name: value for name, _, value in pairs}


def _command_line(pid: int) -> tuple[str, tuple[str, ...]]:
    """The Python and the gunicorn arguments of a process; the usual ones where they cannot be told."""
    words = [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]]
    for place, word in enumerate(words[1:4], 1):
        if Path(word).name in ("gunicorn", "__main__.py"):
            return words[0], tuple(words[place + 1 :])
    return sys.executable, _ARGUMENTS
