"""gunicorn's master as seen from another process: its id, command line and environment; and its reload.

Read from Linux's /proc. The id comes from `config/server/pid_file.py`.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from config.paths import ROOT
from config.server import pid_file
from config.server.reload.refusal import UNCHANGED, SwitchRefused

_ARGUMENTS = ("-c", "gunicorn.gevent.py", "wsgi:app")


@dataclass(frozen=True, slots=True)
class RunningMaster:
    """A running master or, if `pid` is 0, the one that a start from here would create."""

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
        # Checked again, because the process id may have been reused.
        if not self.alive:
            raise ProcessLookupError(self.pid)
        os.kill(self.pid, signal.SIGHUP)


def find(data_dir: Path) -> RunningMaster:
    """Return the master that runs with this DATA_DIR, or the one that a start from here would create.

    Raises SwitchRefused if the master cannot be reached from here.
    """
    run_dir = data_dir / "run"
    try:
        return _find(run_dir)
    except pid_file.ServerElsewhere as error:
        reason = (
            f"The server that uses {run_dir} runs in another container or on another machine; give this command there."
        )
        raise SwitchRefused(f"{reason} {UNCHANGED}") from error
    except PermissionError as error:
        raise SwitchRefused(
            f"The server that uses {run_dir} belongs to another user; run the command as that user. {UNCHANGED}"
        ) from error
    except OSError as error:
        raise SwitchRefused(f"{run_dir} cannot be read ({error}). {UNCHANGED}") from error


def _find(run_dir: Path) -> RunningMaster:
    pid = pid_file.master(run_dir)
    if pid is None:
        return RunningMaster(run_dir, environment())
    os.kill(pid, 0)
    if not Path("/proc/self").exists():  # not Linux: assume that it was started from here
        return RunningMaster(run_dir, environment(), pid)
    python, arguments = _command_line(pid)
    return RunningMaster(run_dir, environment(pid), pid, python, arguments, Path(f"/proc/{pid}/cwd").readlink())


def environment(pid: int | str = "self") -> dict[str, str]:
    """Return the environment that a process got at its start. Raises PermissionError.

    Later changes by the process itself, such as those of the `flask` command from `.env`, are not in it.
    """
    try:
        entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except FileNotFoundError:  # not Linux
        return dict(os.environ)
    pairs = [os.fsdecode(entry).partition("=") for entry in entries if b"=" in entry]
    return {name: value for name, _, value in pairs}


def _command_line(pid: int) -> tuple[str, tuple[str, ...]]:
    """Return the Python and the gunicorn arguments of a process, or the usual ones if unknown."""
    words = [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]]
    for index, word in enumerate(words[1:4], 1):
        if Path(word).name in ("gunicorn", "__main__.py"):
            return words[0], tuple(words[index + 1 :])
    return sys.executable, _ARGUMENTS
