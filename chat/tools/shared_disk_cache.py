"""Cache on disk that the workers of one server share: one file per value.

`cache.py` merges the fetches of one worker, this module those of a server. Independent of the type of its values.
Without a usable folder every worker fetches for itself: a full disk costs a request, never an answer.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

import msgspec

from chat.runtime import file_work

Value = TypeVar("Value")

# The longest duration of a fetch. A worker that has waited longer fetches for itself.
_WAIT_S = 16.0
_POLL_S = 0.05
MAX_FILES = 512


class SharedDiskCache(Generic[Value]):
    """Cache of values of `kind`, a dataclass of JSON types, for `ttl_s` seconds by the file system's clock.

    The newest `max_files` values are kept.
    """

    def __init__(self, folder: Path | None, kind: type[Value], ttl_s: float, max_files: int = MAX_FILES) -> None:
        self._folder = folder
        self._kind = kind
        self._ttl_s = ttl_s
        self._max_files = max_files

    def get(self, key: str, fetch: Callable[[], Value]) -> Value:
        """Return the cached value, or store and return the result of `fetch`. Raises the exceptions of `fetch`."""
        if self._folder is None:
            return fetch()
        path = self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
        with self._locked(path.with_suffix(".lock")):
            value = file_work.run(lambda: self._read(path))
            if value is None:
                value = fetch()
                file_work.run(partial(self._write, path, value))
        return value

    def _read(self, path: Path) -> Value | None:
        """Return the value in a file, or None if the file is missing, expired, or of another version."""
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            if 0 <= time.time() - path.stat().st_mtime < self._ttl_s:
                return msgspec.json.decode(path.read_bytes(), type=self._kind)
        return None

    def _write(self, path: Path, value: Value) -> None:
        with contextlib.suppress(OSError):
            temporary = path.with_suffix(".tmp")
            temporary.write_bytes(msgspec.json.encode(value))
            temporary.replace(path)
            for old in sorted(path.parent.glob("*.json"), key=_age)[self._max_files :]:
                old.unlink(missing_ok=True)
                old.with_suffix(".lock").unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        """Hold an exclusive file lock over all processes, or go on without it after `_WAIT_S`.

        The system releases the lock of a process that dies.
        """
        # Polled, because a blocking flock waits inside C and would stop a gevent worker.
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):
                file = stack.enter_context(file_work.run(lambda: _opened(path)))
                deadline = time.monotonic() + _WAIT_S
                while not _try_lock(file.fileno()) and time.monotonic() < deadline:
                    time.sleep(_POLL_S)
            yield


def _opened(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.open("ab")


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _age(path: Path) -> float:
    """Return the seconds since the file was written; 0 if it no longer exists."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
