"""`DATA_DIR/run/server.pid`: the process that takes the server's signals, gunicorn's master.

A number alone proves nothing: its process may be long dead and the number somebody else's, above all in a
container, where it is the same at every start. So the master keeps the file locked (a POSIX lock, which neither
its workers inherit nor a kill -9 leaves behind), and the kernel is asked who holds the lock. For the same reason
this is not gunicorn's own `pidfile`, which would refuse to start on such a number.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import sys
from pathlib import Path

NAME = "server.pid"

# struct flock, as the kernel fills it in.
_DARWIN = sys.platform == "darwin"
_FLOCK = "qqihh4x" if _DARWIN else "hhqqi4x"


class ServerElsewhere(OSError):
    """The server lives where its processes have other numbers: in another container, on another machine."""


class PidFile:
    """The master's side. At most one file at a time."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._handle = -1

    def acquire(self, run_dir: Path) -> None:
        """Write and lock the file in `run_dir`, in place of one that is there: of a dead server, or of one that
        is just ending. Another call with the same folder does nothing. Raises OSError.
        """
        path = run_dir / NAME
        if self._owns(path):
            return
        self.release()
        run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch = path.with_name(f"{NAME}.{os.getpid()}")
        handle = os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(handle, f"{os.getpid()}\n".encode())
            scratch.replace(path)
        except OSError:
            os.close(handle)
            raise
        self._path, self._handle = path, handle

    def release(self) -> None:
        """Remove it, unless a later server has put its own there."""
        if self._path is not None and self._owns(self._path):
            with contextlib.suppress(OSError):
                self._path.unlink()
        self.close()

    def close(self) -> None:
        """Only close it: what a process does that was forked from the master. It holds no lock of its own."""
        if self._handle >= 0:
            os.close(self._handle)
        self._path, self._handle = None, -1

    def _owns(self, path: Path) -> bool:
        # Never by opening it: to close any descriptor of a file gives up a process's locks on it.
        if self._handle < 0:
            return False
        with contextlib.suppress(OSError):
            return os.path.samestat(path.stat(), os.fstat(self._handle))
        return False


# In this module because it stays loaded, whereas gunicorn's configuration file is run anew at each reload.
OWN = PidFile()


def master(run_dir: Path) -> int | None:
    """The process number of the master that runs with this folder; None where none does. Not for the master itself.

    Raises ServerElsewhere, and OSError where the folder is closed to this user.
    """
    try:
        handle = os.open(run_dir / NAME, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        written = os.read(handle, 32).strip()
        holder = _holder(handle)
    finally:
        os.close(handle)
    if holder is None:
        return None
    if written != str(holder).encode():
        raise ServerElsewhere
    return holder


def _holder(handle: int) -> int | None:
    """The process that has locked the file, by its number here; 0 or less where it has none."""
    if _DARWIN:
        asked = struct.pack(_FLOCK, 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
    else:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    told = struct.unpack(_FLOCK, fcntl.fcntl(handle, fcntl.F_GETLK, asked))
    kind, holder = (told[3], told[2]) if _DARWIN else (told[0], told[4])
    return None if kind == fcntl.F_UNLCK else int(holder)
