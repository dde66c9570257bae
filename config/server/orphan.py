"""A worker whose master was killed: it leaves as if it had been told to.

gunicorn's gevent worker exits in the middle of its answers then, and its gthread worker keeps its listening sockets
until the last connection has ended, so that no new server can start on the port.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1
# After the grace for turns and connections, for what hangs all the same: there is no master to end it.
_LAST_RESORT_S = 10


def signal_on_master_death() -> None:
    """Have the kernel send this process TERM when its master dies. Call it after the fork; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def shut_down_when_orphaned(worker: Any) -> None:
    """Have `worker` take its leave, within `graceful_timeout`, once its master has gone.

    In place of what gunicorn's worker does when it finds another parent, about once a second.
    """
    notify = worker.tmp.notify

    def look() -> bool:
        if worker.ppid != os.getppid():
            worker.ppid = os.getppid()  # asked no more: gunicorn's own answer is to exit
            worker.log.warning("parley: the master has gone; worker %s ends its answers and goes too", worker.pid)
            # The default action, so that nothing in this process can hold it up.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(worker.cfg.graceful_timeout + _LAST_RESORT_S)
            worker.handle_exit(signal.SIGTERM, None)
        return True

    def notify_and_look() -> None:
        notify()
        look()

    worker.notify = notify_and_look
    worker.is_parent_alive = look
