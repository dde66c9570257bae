"""Acceptance of connections: a worker's share of those that wait, and a pause while nothing is left for them.

Without file descriptors or memory, gunicorn's gthread worker would exit with all of its responses, and gevent's server
would print a traceback each time.
"""

from __future__ import annotations

import errno
import math
import socket
import struct
import time
from typing import Any

from chat.runtime import mode
from config.mode import ASYNC

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
PAUSE_S = 0.1
_LOG_INTERVAL_S = 30.0
_MOST_ACCEPTS = 16
# Linux's `struct tcp_info`: 8 bytes, then numbers of 32 bits. The fifth, `tcpi_unacked`, is the length of a listening
# socket's queue.
_TCP_INFO = struct.Struct("=8x5I")


class ExhaustionLog:
    """Rate-limited warning that connections cannot be accepted."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._logged_at = -math.inf

    def handles(self, error: OSError) -> bool:
        """Return whether `error` means an exhausted resource, and log it unless that was logged recently."""
        if error.errno not in _EXHAUSTED:
            return False
        if time.monotonic() - self._logged_at >= _LOG_INTERVAL_S:
            self._logged_at = time.monotonic()
            self._log.warning("parley: no more connections are accepted for the moment (%s)", error.strerror)
        return True


def pending_connections(listener: Any) -> int:
    """Return how many connections wait in the queue of a listening socket; 0 if the system does not tell."""
    if not hasattr(socket, "TCP_INFO"):  # only Linux has it
        return 0
    try:
        info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
    except OSError:  # not TCP
        return 0
    pending: int = _TCP_INFO.unpack(info)[4]
    return pending


def accepts_per_round(pending: int, workers: int) -> int:
    """Return how many of the `pending` connections one of the `workers` accepts in a round of its loop.

    That is half of its share, so that workers which wake up a little later find theirs.
    """
    return max(1, min(_MOST_ACCEPTS, math.ceil(pending / (2 * workers))))


def accept_patiently(worker: Any) -> None:
    """Have `worker` (gunicorn's, before it runs) pause on exhaustion. Clients wait in the listening socket's queue.

    A gevent worker accepts half of its share of the queue in a round of its loop: gunicorn's single connection is too
    few when many people come at once and each round has a thousand answers to continue.
    """
    exhaustion_log = ExhaustionLog(worker.log)
    if mode.current() is ASYNC:
        _patient_greenlets(exhaustion_log, worker.cfg.workers)
    else:
        _patient_threads(worker, exhaustion_log)


def _patient_threads(worker: Any, exhaustion_log: ExhaustionLog) -> None:
    accept = worker.accept

    def accept_or_pause(listener: Any) -> None:
        try:
            accept(listener)
        except OSError as error:
            if not exhaustion_log.handles(error):
                raise
            time.sleep(PAUSE_S)

    worker.accept = accept_or_pause


def _patient_greenlets(exhaustion_log: ExhaustionLog, workers: int) -> None:
    from gevent.server import StreamServer
    from gunicorn.workers import ggevent

    class PatientServer(StreamServer):  # type: ignore[misc]  # gevent has no types
        max_accept: int

        def _do_read(self) -> None:
            self.max_accept = accepts_per_round(pending_connections(self.socket), workers)
            super()._do_read()

        def do_read(self) -> Any:
            try:
                return super().do_read()
            except OSError as error:
                if not exhaustion_log.handles(error):
                    raise
                self.stop_accepting()
                self._timer = self.loop.timer(PAUSE_S)
                self._timer.start(self._start_accepting_if_started)
                return None

    ggevent.StreamServer = PatientServer
