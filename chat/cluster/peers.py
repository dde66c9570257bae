"""Workers of this server: their reports, and requests to them over Unix sockets.

Each worker listens on a Unix socket in `run/`, beside its report (`config/server/worker_reports.py`). A connection
serves one request: a line of JSON in, bytes out until the end.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import selectors
import socket
import socketserver
import threading
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from chat.cluster.contract import Handler, Request, Unreachable
from chat.runtime import file_work, threads
from config.server.processes import is_alive
from config.server.worker_reports import WorkerReports

# Errors of `Peers.listen` in a folder that this user may write to, but whose file system has no sockets.
NO_SOCKETS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
_CONNECT_TIMEOUT_S = 2.0
_REQUEST_BYTES = 4096


class Presence(Enum):
    """State of a worker's process as seen from this one.

    GONE: it has ended. HERE: it exists on this machine, running or stopped. UNKNOWN: it is on another machine, or its
    process id may have been reused.
    """

    GONE = "gone"
    HERE = "here"
    UNKNOWN = "unknown"


class Peers:
    """Reports and requests of this worker and its peers. `run_dir` is shared by the workers of one server only.

    It is the Road to workers on this machine.
    """

    reliable = False

    def __init__(self, run_dir: Path) -> None:
        self._dir = run_dir
        self._reports = WorkerReports(run_dir)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        # Values that other workers can read with `peer_attributes`.
        self.attributes: dict[str, Any] = {}
        self.name = f"{socket.gethostname()}:{os.getpid()}"

    def listen(self, handler: Handler) -> None:
        """Serve `handler` on this worker's socket, one thread a connection, until `close`."""
        self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._socket_path(os.getpid())
        path.unlink(missing_ok=True)
        self._server = _Server(_address(path), handler)
        path.chmod(0o600)
        self._thread = threads.start_joinable("peers", self._server.serve)

    def ask(self, worker: str, request: Request, timeout_s: float) -> Iterator[bytes]:
        host, _, pid = worker.rpartition(":")
        if host != socket.gethostname() or not pid.isdigit():
            raise Unreachable(worker)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(_CONNECT_TIMEOUT_S)
            connection.connect(_address(self._socket_path(int(pid))))
            connection.settimeout(timeout_s)
            connection.sendall(json.dumps(request).encode() + b"\n")
            while chunk := connection.recv(65536):
                yield chunk
        except OSError as error:
            raise Unreachable(worker) from error
        finally:
            connection.close()

    def presence(self, worker: str) -> Presence:
        """Return the state of the process of `worker` (`host:pid`)."""
        host, _, pid = worker.rpartition(":")
        if host != socket.gethostname() or not pid.isdigit():
            return Presence.UNKNOWN
        if not is_alive(int(pid)):
            return Presence.GONE
        belongs = file_work.run(lambda: self._reports.belongs(int(pid)))
        if belongs is None:
            return Presence.UNKNOWN
        return Presence.HERE if belongs else Presence.GONE

    def is_gone(self, worker: str) -> bool:
        """Return whether `worker` is known to have ended. Always False for a worker on another machine."""
        return self.presence(worker) is Presence.GONE

    def publish(self, report: dict[str, Any]) -> None:
        """Write the report of this worker. A failure, such as a full disk, is ignored."""
        file_work.run(lambda: self._reports.publish(report, self.attributes))

    def peer_attributes(self) -> list[dict[str, Any]]:
        """Return the attributes of all other live workers of this server."""
        return file_work.run(self._reports.attributes_of_others)

    def reports(self) -> list[dict[str, Any]]:
        """Return the last report of each live worker of this server, with `stale` set if it is old."""
        return file_work.run(self._reports.all)

    def close(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.end()
            self._thread.join(_CONNECT_TIMEOUT_S)
            self._server.server_close()
        self._reports.remove(os.getpid())

    def _socket_path(self, pid: int) -> Path:
        return self._dir / f"{pid}.sock"


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: str, handler: Handler) -> None:
        self.handler = handler
        self._end, self._ended = socket.socketpair()
        super().__init__(address, _Connection)

    def serve(self) -> None:
        """Serve until `end`, which wakes this loop. The library's own loop would poll twice a second."""
        with selectors.DefaultSelector() as ready:
            ready.register(self.socket, selectors.EVENT_READ)
            ready.register(self._ended, selectors.EVENT_READ)
            while self._ended not in [key.fileobj for key, _ in ready.select()]:
                self.handle_request()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""
        threads.start("peer", self.process_request_thread, request, client_address)

    def end(self) -> None:
        self._end.close()

    def server_close(self) -> None:
        super().server_close()
        self._end.close()
        self._ended.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors: a follower may disconnect in the middle of a response."""


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        line = self.rfile.readline(_REQUEST_BYTES)
        with contextlib.suppress(ValueError, OSError, Unreachable):
            for chunk in self.server.handler(json.loads(line)):
                self.wfile.write(chunk)


def _address(path: Path) -> str:
    """Return the shorter of the absolute and the relative path: a socket address holds at most 107 bytes."""
    return min(str(path), os.path.relpath(path), key=len)
