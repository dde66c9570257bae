"""The workers of this server: where they leave their reports, and a socket by which each can be asked.

Every worker writes one small file a second into `run/`, and listens on a Unix socket beside it. A reader
takes the files: a worker that hangs is still listed, as stale, and asking costs nobody anything. The
socket serves one request a connection: a line of JSON in, bytes out until the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

STALE_AFTER_S = 5.0
# A report this old is of a dead worker whose process number has gone to somebody else: no longer shown, but not
# removed, since its socket may be in use.
_GONE_AFTER_S = 120.0
_PID_DIGITS = 9
# What a report says of its process for the workers themselves.
_OURS = ("process_began", "published", "about")
_CONNECT_TIMEOUT_S = 2.0
_REQUEST_BYTES = 4096

Handler = Callable[[dict[str, Any]], Iterable[bytes]]


class Presence(Enum):
    """What can be seen of a worker from here.

    GONE: its process has ended. HERE: its process lives on this machine, running or stopped. UNKNOWN: it is on
    another machine, or its process's number may be somebody else's by now.
    """

    GONE = "gone"
    HERE = "here"
    UNKNOWN = "unknown"


class PeerUnreachable(Exception):
    """No such worker, or it does not answer."""


class Peers:
    """This worker among its neighbours. `run_dir` is shared by the workers of one server and private to its user."""

    def __init__(self, run_dir: Path) -> None:
        self._dir = run_dir
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        # What the workers let each other know besides their reports.
        self.attributes: dict[str, Any] = {}
        self.name = f"{socket.gethostname()}:{os.getpid()}"

    def listen(self, handler: Handler) -> None:
        """Serve `handler` on this worker's socket, one thread a connection, until `close`."""
        self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._socket_path(os.getpid())
        path.unlink(missing_ok=True)
        self._server = _Server(_address(path), handler)
        path.chmod(0o600)
        self._thread = threading.Thread(target=self._server.serve, name="peers", daemon=True)
        self._thread.start()

    def ask(self, worker: str, request: dict[str, Any], timeout_s: float) -> Iterator[bytes]:
        """What the worker called `worker` (`host:pid`) answers to `request`, as it comes.

        `timeout_s` bounds each silence. Raises PeerUnreachable, also in mid-answer; but a worker that dies may
        just end its answer: what is whole, the answer has to say itself.
        """
        host, _, pid = worker.rpartition(":")
        if host != socket.gethostname() or not pid.isdigit():
            raise PeerUnreachable(worker)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(_CONNECT_TIMEOUT_S)
            connection.connect(_address(self._socket_path(int(pid))))
            connection.settimeout(timeout_s)
            connection.sendall(json.dumps(request).encode() + b"\n")
            while chunk := connection.recv(65536):
                yield chunk
        except OSError as error:
            raise PeerUnreachable(worker) from error
        finally:
            connection.close()

    def presence(self, worker: str) -> Presence:
        """Return what can be seen of the worker called `worker` (`host:pid`)."""
        host, _, pid = worker.rpartition(":")
        if host != socket.gethostname() or not pid.isdigit():
            return Presence.UNKNOWN
        if not _alive(int(pid)):
            return Presence.GONE
        report = self._report(int(pid))
        if report is None:
            return Presence.UNKNOWN
        return Presence.HERE if report.get("process_began") == began(int(pid)) else Presence.GONE

    def is_gone(self, worker: str) -> bool:
        """Return whether the worker called `worker` is known to have ended. One on another machine never is."""
        return self.presence(worker) is Presence.GONE

    def publish(self, report: dict[str, Any]) -> None:
        """Leave this worker's report for the others. A full disk costs the report, nothing else."""
        path = self._report_path(os.getpid())
        scratch = path.with_suffix(".tmp")
        about = {"process_began": began(os.getpid()), "published": time.monotonic(), "about": self.attributes}
        with contextlib.suppress(OSError):
            self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            scratch.write_text(json.dumps(report | about), encoding="utf-8")
            scratch.replace(path)

    def peer_attributes(self) -> list[dict[str, Any]]:
        """Return the `about` of every other worker of this server whose process lives."""
        pids = [int(path.stem[:_PID_DIGITS]) for path in self._dir.glob("*.json") if path.stem.isdigit()]
        reports = [self._report(pid) or {} for pid in pids if pid != os.getpid() and _alive(pid)]
        return [each["about"] for each in reports if isinstance(each.get("about"), dict)]

    def reports(self) -> list[dict[str, Any]]:
        """The last report of every living worker of this server, with `stale` set where it is old."""
        found = []
        for path in sorted(self._dir.glob("*.json")):
            if not path.stem.isdigit():
                continue
            pid = int(path.stem[:_PID_DIGITS])
            if not _alive(pid):
                self._forget(path)
            elif (report := self._report(pid)) is not None and (age_s := _age_s(report)) <= _GONE_AFTER_S:
                shown = {name: value for name, value in report.items() if name not in _OURS}
                found.append(shown | {"stale": age_s > STALE_AFTER_S})
        return found

    def close(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.end()
            self._thread.join(_CONNECT_TIMEOUT_S)
            self._server.server_close()
        self._forget(self._report_path(os.getpid()))

    def _report(self, pid: int) -> dict[str, Any] | None:
        """The last report of the worker with this process number; None where there is none that can be read."""
        # What is no worker's report (a file of somebody else's, half of one) is passed over.
        with contextlib.suppress(OSError, ValueError, RecursionError):
            report = json.loads(self._report_path(pid).read_text(encoding="utf-8"))
            if isinstance(report, dict) and report.get("pid") == pid:
                return report
        return None

    def _forget(self, report: Path) -> None:
        for path in (report, report.with_suffix(".sock")):
            with contextlib.suppress(OSError):
                path.unlink()

    def _report_path(self, pid: int) -> Path:
        return self._dir / f"{pid}.json"

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
        """Until `end`, which wakes it: the library's own loop looks for its end twice a second instead."""
        with selectors.DefaultSelector() as ready:
            ready.register(self.socket, selectors.EVENT_READ)
            ready.register(self._ended, selectors.EVENT_READ)
            while self._ended not in [key.fileobj for key, _ in ready.select()]:
                self.handle_request()

    def end(self) -> None:
        self._end.close()

    def server_close(self) -> None:
        super().server_close()
        self._end.close()
        self._ended.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A follower that goes away in mid-answer is no error."""


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        line = self.rfile.readline(_REQUEST_BYTES)
        with contextlib.suppress(ValueError, OSError):
            for chunk in self.server.handler(json.loads(line)):
                self.wfile.write(chunk)


def _address(path: Path) -> str:
    """The shorter of the absolute and the relative path: a socket's address holds 107 bytes."""
    return min(str(path), os.path.relpath(path), key=len)


def began(pid: int) -> int | None:
    """When a process began, in the kernel's ticks since the machine did; None where that cannot be seen."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return int(stat.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def _age_s(report: dict[str, Any]) -> float:
    """Seconds since a report was published. The clock is one for all processes of a machine, and never put back."""
    published = report.get("published")
    if not isinstance(published, int | float):  # of an earlier version of the program
        return 0.0
    return max(0.0, time.monotonic() - published)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
