"""A free port for a server that will be started, perhaps more than once."""

from __future__ import annotations

import socket
import sys


class HeldPort:
    """`number` is a port of 127.0.0.1 that the system gives to no other process until `release`. A context manager.

    A port that is only looked up may be another process's by the time the server listens there, or while the server is
    down between a kill and its next start. A process that asks for this very port with SO_REUSEADDR, as
    servers do, may listen at it meanwhile: that is what the option means on Linux. Elsewhere the port is not held.
    """

    def __init__(self) -> None:
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.number = int(self._holder.getsockname()[1])
        if sys.platform != "linux":
            self.release()

    def __enter__(self) -> HeldPort:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        self._holder.close()


def listens(port: int) -> bool:
    """Return whether a server listens at a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
