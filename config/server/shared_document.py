"""A small document that the workers of one server share: created in the master, inherited by the forks.

It lives as long as the master, in memory, so a full disk cannot harm it and a killed worker neither loses nor locks it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import tempfile
import threading
from collections.abc import Callable

# Version and length of the content, which follows.
_HEAD = struct.Struct("<qq")


class SharedDocument:
    """Bytes with a version, in a file without a name. Safe to use from any thread of any process that inherits it."""

    def __init__(self) -> None:
        self._descriptor = _nameless_file()
        # A POSIX lock excludes other processes only.
        self._lock = threading.Lock()

    @property
    def version(self) -> int:
        """Return the number of changes so far."""
        return self._head()[0]

    def change(self, edit: Callable[[bytes], bytes]) -> tuple[int, bytes]:
        """Replace the content by what `edit` makes of it, while nobody else can. Return version and content."""
        with self._lock:
            # Held for microseconds only, so it may block a gevent worker's loop.
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
            try:
                return self._change(edit)
            finally:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

    def clear(self) -> None:
        """Empty the document."""
        self.change(lambda _: b"")

    def close(self) -> None:
        os.close(self._descriptor)

    def _change(self, edit: Callable[[bytes], bytes]) -> tuple[int, bytes]:
        version, length = self._head()
        content = os.pread(self._descriptor, length, _HEAD.size)
        edited = edit(content)
        if edited != content:
            version += 1
            os.pwrite(self._descriptor, _HEAD.pack(version, len(edited)) + edited, 0)
        return version, edited

    def _head(self) -> tuple[int, int]:
        head = os.pread(self._descriptor, _HEAD.size, 0)
        version, length = _HEAD.unpack(head) if head else (0, 0)
        return version, length


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):  # Linux
        with contextlib.suppress(OSError):  # some sandboxes lack it
            return os.memfd_create("parley")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


# This module stays loaded, whereas gunicorn's configuration file is run again at each reload.
_MASTER = os.getpid()
# What the workers have learnt about the models; see `chat/llm/openai/request/capabilities.py`.
MODELS = SharedDocument()


def models() -> SharedDocument | None:
    """Return the document about the models that this worker shares; None in a process that no master has forked."""
    return MODELS if os.getpid() != _MASTER else None
