"""A slow disk: the writes of running processes to some files are delayed, by strace."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.chaos.parley import CannotRun

# The calls by which SQLite writes.
_CALLS = "pwrite64,fdatasync,fsync"
_ATTACHED_WITHIN_S = 20.0
_LOOK_EVERY_S = 0.02


def missing() -> str:
    """Return why no disk can be made slow on this machine, without a full stop, or ""."""
    if not shutil.which("strace"):
        return "strace is not installed (Debian: apt-get install strace)"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        try:
            with slow_writes([child.pid], [Path("/dev/null")], 0.0):
                return ""
        except CannotRun as error:
            return str(error)
        finally:
            child.kill()


@contextlib.contextmanager
def slow_writes(pids: Sequence[int], files: Sequence[Path], delay_s: float) -> Iterator[None]:
    """Delay each write of these processes to these files. Raises CannotRun if strace may not attach to one of them."""
    strace = subprocess.Popen(
        [
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={_CALLS}",
            "-e", f"inject={_CALLS}:delay_enter={int(delay_s * 1_000_000)}",
            *(word for file in files for word in ("-P", str(file))),
            *(word for pid in pids for word in ("-p", str(pid))),
        ],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        _wait_until_attached(strace, pids)
        yield
    finally:
        strace.send_signal(signal.SIGTERM)  # it detaches and ends
        strace.communicate()


def _wait_until_attached(strace: subprocess.Popen[str], pids: Sequence[int]) -> None:
    until = time.monotonic() + _ATTACHED_WITHIN_S
    while not all(_is_traced(pid) for pid in pids):
        if strace.poll() is not None:
            assert strace.stderr
            raise CannotRun(f"strace cannot attach to a process: {strace.stderr.read().strip() or 'it says nothing'}")
        if time.monotonic() > until:
            raise CannotRun("strace did not attach to a process in time")
        time.sleep(_LOOK_EVERY_S)


def _is_traced(pid: int) -> bool:
    """Return whether all threads of a process are traced."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return all("\nTracerPid:\t0\n" not in (thread / "status").read_text() for thread in threads)
    except (FileNotFoundError, ProcessLookupError):  # the process, or one of its threads, has just ended
        return False
