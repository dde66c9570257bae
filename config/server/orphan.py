"""Shutdown of a worker whose master was killed, as on TERM.

gunicorn's gevent worker would exit in the middle of its answers, and its gthread worker would keep its listening
sockets until the last connection has ended, so that no new server could start on the port.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1
# After the grace period for turns and connections: no master is left to kill a worker that hangs.
_LAST_RESORT_S = 10


def signal_on_master_death() -> None:
    """Have the kernel send TERM to this process when its master dies. Call it after the fork. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def shut_down_when_orphaned(worker: Any) -> None:
    """Have `worker` shut down within `graceful_timeout` once its master has died.

    Replaces gunicorn's check for another parent process, about once a second.
    """
    notify = worker.tmp.notify

    def look() -> bool:
        if worker.ppid != os.getppid():
            worker.ppid = os.getppid()  # so that gunicorn's own check, which exits, does not apply
            worker.log.warning("parley: the master has ended; worker %s finishes its answers and ends, too", worker.pid)
            # The default action, which nothing in this process can delay.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(worker.cfg.graceful_timeout + _LAST_RESORT_S)
            worker.handle_exit(signal.SIGTERM, None)
        return True

    def notify_and_look() -> None:
        notify()
        look()

    worker.notify = notify_and_look
    worker.is_parent_alive = look
