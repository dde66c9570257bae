"""How a server takes its leave: it gives notice at /readyz, and then leaves no caller waiting at its door.

On TERM gunicorn stops listening at once. Whoever distributes the load among several servers asks each every few
seconds whether it is ready: without notice it goes on sending people to one that is no longer there.
"""

from __future__ import annotations

import mmap
import signal
from typing import Any

# One byte that the master shares with the workers that it forks: whether notice has been given. In this module
# because it stays loaded, whereas gunicorn's configuration file is run anew at each reload.
_given = mmap.mmap(-1, 1)


def notice_given() -> bool:
    """Whether this server has been told to end. False outside a server."""
    return _given[0] != 0


def announce_before_stop(server: Any, notice_s: float) -> None:
    """Have `server` (gunicorn's arbiter) say on TERM that it ends, and go on as before for `notice_s` seconds.

    A second TERM ends it without waiting any longer. A later call, after a reload, only changes the time.
    """

    def handle_term() -> None:
        again = notice_given()
        _given[0] = 1
        if again or not notice_s:
            type(server).handle_term(server)
            return
        server.log.info("parley: not ready any more; takes no more connections in %g s", notice_s)
        # As if it had been told again. No thread: the master may have to fork meanwhile.
        signal.signal(signal.SIGALRM, lambda _number, frame: server.signal(signal.SIGTERM, frame))
        signal.setitimer(signal.ITIMER_REAL, notice_s)

    server.handle_term = handle_term
