"""Pause in accepting connections while no file descriptor or memory is available.

gunicorn's gthread worker would exit with all of its responses; gevent's server would print a traceback each time.
"""

from __future__ import annotations

import errno
import math
import time
from collections.abc import Callable
from typing import Any

from chat.runtime import mode
from config.mode import ASYNC

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
PAUSE_S = 0.1
_LOG_INTERVAL_S = 30.0
_BUSY_ACCEPTS = 16


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


def pause_when_exhausted(worker: Any, loop_is_busy: Callable[[], bool]) -> None:
    """Have `worker` (gunicorn's, before it runs) pause on exhaustion. Clients wait in the listening socket's queue.

    A gevent worker accepts several connections at once while `loop_is_busy`.
    """
    exhaustion_log = ExhaustionLog(worker.log)
    if mode.current() is ASYNC:
        _patient_greenlets(exhaustion_log, loop_is_busy)
    else:
        _patient_threads(worker, exhaustion_log)


def _patient_threads(worker: Any, exhaustion_log: ExhaustionLog) -> None:
    accept = worker.accept

    def accept_patiently(listener: Any) -> None:
        try:
            accept(listener)
        except OSError as error:
            if not exhaustion_log.handles(error):
                raise
            time.sleep(PAUSE_S)

    worker.accept = accept_patiently


def _patient_greenlets(exhaustion_log: ExhaustionLog, loop_is_busy: Callable[[], bool]) -> None:
    from gevent.server import StreamServer
    from gunicorn.workers import ggevent

    class PatientServer(StreamServer):  # type: ignore[misc]  # gevent has no types
        max_accept: int

        def _do_read(self) -> None:
            # gunicorn accepts one at a time, so that idle workers share connections evenly. In a round of a busy loop
            # that is too few.
            usual: int = self.max_accept
            self.max_accept = max(usual, _BUSY_ACCEPTS) if loop_is_busy() else usual
            try:
                super()._do_read()
            finally:
                self.max_accept = usual

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
