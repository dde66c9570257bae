"""Announcement of a shutdown: /readyz reports "not ready" before the server stops listening.

On TERM gunicorn stops listening at once. A load balancer polls /readyz every few seconds and would send requests to a
server that has stopped.
"""

from __future__ import annotations

import mmap
import signal
from typing import Any

# One byte, shared by the master and its workers: whether the shutdown was announced. It is in this module, which stays
# loaded, whereas gunicorn's configuration file is run again at each reload.
_announced = mmap.mmap(-1, 1)


def notice_given() -> bool:
    """Return whether this server is about to shut down. False outside a server."""
    return _announced[0] != 0


def announce_before_stop(server: Any, notice_s: float) -> None:
    """Have `server` (gunicorn's arbiter) report "not ready" on TERM and shut down `notice_s` seconds later.

    A second TERM shuts it down at once. A later call, after a reload, only changes the time.
    """

    def handle_term() -> None:
        again = notice_given()
        _announced[0] = 1
        if again or not notice_s:
            type(server).handle_term(server)
            return
        server.log.info("parley: no longer ready; no more connections are accepted in %g s", notice_s)
        # Acts like a second TERM. Not a thread, because the master may fork meanwhile.
        signal.signal(signal.SIGALRM, lambda _number, frame: server.signal(signal.SIGTERM, frame))
        signal.setitimer(signal.ITIMER_REAL, notice_s)

    server.handle_term = handle_term
