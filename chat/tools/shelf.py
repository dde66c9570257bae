"""What one worker has fetched, for the other workers of the server: a file an answer, in a folder of theirs.

`cache.py` is each worker's own memory and sees to it that a worker asks once; this sees to it that a server
does. Knows nothing of what it keeps. Without a folder, or with one that cannot be used, everybody fetches for
himself: a full disk costs a request, never an answer.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

Value = TypeVar("Value")

# As long as a fetch may take: whoever waits longer fetches for himself.
_WAIT_S = 16.0
_LOOK_S = 0.05
_MOST_FILES = 512


class Shelf(Generic[Value]):
    """Keeps values of `kind` (a dataclass that JSON can carry) for `ttl_s` seconds, by the clock of the file system."""

    def __init__(self, folder: Path | None, kind: type[Value], ttl_s: float) -> None:
        self._folder = folder
        self._kind = kind
        self._ttl_s = ttl_s

    def get(self, key: str, fetch: Callable[[], Value]) -> Value:
        """The value on the shelf, or what `fetch` returns, which is then put there. Raises what `fetch` raises."""
        if self._folder is None:
            return fetch()
        path = self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
        with self._turn(path.with_suffix(".lock")):
            value = self._read(path)
            if value is None:
                value = fetch()
                self._put(path, value)
        return value

    def _read(self, path: Path) -> Value | None:
        """The value in a file, unless it is too old, of another version, or none at all."""
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            if 0 <= time.time() - path.stat().st_mtime < self._ttl_s:
                return msgspec.json.decode(path.read_bytes(), type=self._kind)
        return None

    def _put(self, path: Path, value: Value) -> None:
        with contextlib.suppress(OSError):
            scratch = path.with_suffix(".tmp")
            scratch.write_bytes(msgspec.json.encode(value))
            scratch.replace(path)
            for old in sorted(path.parent.glob("*.json"), key=_age)[_MOST_FILES:]:
                old.unlink(missing_ok=True)
                old.with_suffix(".lock").unlink(missing_ok=True)

    @contextlib.contextmanager
    def _turn(self, path: Path) -> Iterator[None]:
        """Only one at a time, of all processes: the others find what the first has brought.

        The system takes the lock from a process that dies. Asked for again and again instead of waited for,
        because waiting for it happens inside C and would stop a gevent worker.
        """
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                file = stack.enter_context(path.open("ab"))
                until = time.monotonic() + _WAIT_S
                while not _locked(file.fileno()) and time.monotonic() < until:
                    time.sleep(_LOOK_S)
            yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _age(path: Path) -> float:
    """Seconds since the file was written; one that has just gone counts as new."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
