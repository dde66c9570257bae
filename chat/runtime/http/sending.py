"""Sends with a time limit for clients that do not read."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from typing import Any

_RESET = struct.pack("ii", 1, 0)


def send_all(sock: Any, data: bytes | memoryview, timeout_s: float) -> None:
    """Send all data as long as there is progress. Raises TimeoutError after `timeout_s` without any.

    The timeout of Python's own `sendall` applies to the whole.
    """
    sock.settimeout(timeout_s)
    rest = memoryview(data)
    blocked_since = 0.0
    while rest:
        sent = sock.send(rest)
        if sent:
            rest, blocked_since = rest[sent:], 0.0
            continue
        now = time.monotonic()
        blocked_since = blocked_since or now
        if now - blocked_since >= timeout_s:
            raise TimeoutError("The client does not read the response.")


def reset(sock: Any) -> None:
    """Close the connection by a reset, so that the system discards unsent data."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    with contextlib.suppress(OSError):
        sock.close()
