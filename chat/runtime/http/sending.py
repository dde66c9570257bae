"""Responses on their way: each send may wait for its taker, but not for longer than the bound."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from typing import Any

_DROP = struct.pack("ii", 1, 0)


def send_all(sock: Any, data: bytes | memoryview, patience_s: float) -> None:
    """Send it, however long that takes, as long as there is progress. Raises TimeoutError after `patience_s` of none.

    Python's own `sendall` bounds the whole instead.
    """
    sock.settimeout(patience_s)
    rest = memoryview(data)
    stuck_since = 0.0
    while rest:
        sent = sock.send(rest)
        if sent:
            rest, stuck_since = rest[sent:], 0.0
            continue
        now = time.monotonic()
        stuck_since = stuck_since or now
        if now - stuck_since >= patience_s:
            raise TimeoutError("The answer is not taken.")


def reset(sock: Any) -> None:
    """Close without a farewell, so that what nobody takes is not kept by the system either."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP)
    with contextlib.suppress(OSError):
        sock.close()
