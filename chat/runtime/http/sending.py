"""Sends with a time limit for clients that do not read."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
import termios
import time
from typing import Any

_RESET = struct.pack("ii", 1, 0)
_INT = struct.Struct("i")
# How often a blocked `send` is interrupted within the time limit.
_LOOKS = 4


def send_all(sock: Any, data: bytes | memoryview, timeout_s: float) -> None:
    """Send all data as long as the client reads. Raises TimeoutError after `timeout_s` in which it has read nothing.

    Python's own `sendall` limits the whole. A single `send` waits until a third of the system's buffer is free, which
    may be more than a megabyte. So whether a slow client reads is seen by what the buffer still has.
    """
    sock.settimeout(timeout_s / _LOOKS)
    rest = memoryview(data)
    unread, progress_at = -1, time.monotonic()
    while rest:
        sent = _send(sock, rest)
        rest = rest[sent:]
        if rest:
            now, still_unread = time.monotonic(), _unread(sock)
            if sent or still_unread != unread:
                unread, progress_at = still_unread, now
            elif now - progress_at >= timeout_s:
                raise TimeoutError("The client does not read the response.")


def _send(sock: Any, data: memoryview) -> int:
    try:
        sent: int = sock.send(data)
    except TimeoutError:
        return 0
    return sent


def _unread(sock: Any) -> int:
    """Return how many bytes of the system's buffer the client's system has not confirmed, or 0 if it is not known."""
    try:
        (size,) = _INT.unpack(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(_INT.size)))
    except OSError:
        return 0
    return int(size)


def reset(sock: Any) -> None:
    """Close the connection by a reset, so that the system discards unsent data."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    with contextlib.suppress(OSError):
        sock.close()
