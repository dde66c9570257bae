"""How a worker of either kind takes requests from strangers, and what each of them may cost."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from chat.runtime import mode
from chat.runtime.http.bounds import Bounds
from chat.runtime.http.thread_slots import KindOf


def serve_within_bounds(worker: Any, request_timeout_s: float, request_kind: KindOf) -> Callable[[], bool]:
    """Have `worker` (gunicorn's, before its first request) serve with bounds on time, bytes and places.

    Returns what tells whether its loop has more to do than it gets done for the moment.
    """
    bounds = Bounds(request_timeout_s)
    if mode.current() is mode.ASYNC:
        from chat.runtime.http.greenlet_server import GreenletServer  # noqa: PLC0415 - not under the other kind of worker

        server = GreenletServer(worker, bounds)
        server.take_over()
        return lambda: server.is_busy
    if not worker.cfg.is_ssl:  # the handshake of TLS would stop the loop; gunicorn has threads for it
        from chat.runtime.http.thread_server import ThreadServer  # noqa: PLC0415

        ThreadServer(worker, bounds, request_kind).take_over()
    return lambda: False


def limit_buffers(sockets: Any) -> None:
    """Bound what the system keeps for each connection that these listening sockets accept."""
    for listener in sockets:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, Bounds.buffer_bytes)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, Bounds.buffer_bytes)
