"""HTTP servers of both kinds of workers, with limits on time, bytes and threads for each connection."""

from __future__ import annotations

import socket
from typing import Any

from chat.runtime import mode
from chat.runtime.http.bounds import Bounds
from chat.runtime.http.thread_slots import RequestClassifier
from config.mode import ASYNC


def serve_within_bounds(worker: Any, request_timeout_s: float, request_kind: RequestClassifier) -> None:
    """Have `worker` (gunicorn's, before its first request) serve with limits on time, bytes and threads."""
    bounds = Bounds(request_timeout_s)
    if mode.current() is ASYNC:
        from chat.runtime.http.greenlet_server import GreenletServer  # noqa: PLC0415 - gevent workers only

        GreenletServer(worker, bounds).install()
    elif not worker.cfg.is_ssl:  # a TLS handshake would block the loop; gunicorn uses threads for it
        from chat.runtime.http.thread_server import ThreadServer  # noqa: PLC0415

        ThreadServer(worker, bounds, request_kind).install()


def limit_buffers(sockets: Any) -> None:
    """Limit the system's buffers of each connection that these listening sockets accept."""
    for listener in sockets:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, Bounds.buffer_bytes)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, Bounds.buffer_bytes)
