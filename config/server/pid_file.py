"""`DATA_DIR/run/server.pid`: process id of gunicorn's master, which handles the server's signals.

A process id alone proves nothing: the process may be dead and its id reused, above all in a container, where it is
the same at every start. So the master keeps a POSIX lock on the file, which workers do not inherit and a kill -9
releases, and the kernel reports its holder. gunicorn's own `pidfile` would refuse to start on a reused id.
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
    """The server runs in another container or on another machine, where process ids differ."""


class PidFile:
    """Pid file as held by the master. At most one file at a time."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._handle = -1

    def acquire(self, run_dir: Path) -> None:
        """Write and lock the file in `run_dir`. Raises OSError.

        Replaces the file of a server that is dead or about to end. Does nothing if this folder's file is held.
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
        """Remove the file, unless a later server has replaced it."""
        if self._path is not None and self._owns(self._path):
            with contextlib.suppress(OSError):
                self._path.unlink()
        self.close()

    def close(self) -> None:
        """Close the file without removing it: for a process forked from the master, which holds no lock."""
        if self._handle >= 0:
            os.close(self._handle)
        self._path, self._handle = None, -1

    def _owns(self, path: Path) -> bool:
        # The file must not be opened here: closing any descriptor of it would release the lock.
        if self._handle < 0:
            return False
        with contextlib.suppress(OSError):
            return os.path.samestat(path.stat(), os.fstat(self._handle))
        return False


# This module stays loaded, whereas gunicorn's configuration file is run again at each reload.
OWN = PidFile()


def master(run_dir: Path) -> int | None:
    """Return the process id of the master that runs with this folder, or None. Not for use in the master itself.

    Raises ServerElsewhere, and OSError if this user may not read the folder.
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
    """Return the id of the process that has locked the file; 0 or less if it has no id here."""
    if _DARWIN:
        query = struct.pack(_FLOCK, 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
    else:
        query = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    reply = struct.unpack(_FLOCK, fcntl.fcntl(handle, fcntl.F_GETLK, query))
    kind, holder = (reply[3], reply[2]) if _DARWIN else (reply[0], reply[4])
    return None if kind == fcntl.F_UNLCK else int(holder)
