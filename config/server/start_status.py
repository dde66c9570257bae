"""Start status of a worker, shared with its master: ready, or the reason of the failure.

The exit status of a worker contains too little and comes too late: a reload must not end the old workers before the
new ones are ready. So master and worker share a page of memory from the fork on.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from typing import Any, NoReturn

from config.server.start_errors import NO_MEMORY, explain

FAILED = 3  # gunicorn's own exit status for a worker that could not start
_READY, _REASON = 0, 1
_BYTES = 1024
# Freed to build the message when memory is exhausted.
_RESERVE = 4 << 20


class StartStatus:
    """Start status of one worker. Create it before the fork; the worker writes, the master reads."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, _BYTES)

    @property
    def ready(self) -> bool:
        return self._page[_READY] != 0

    @property
    def failure(self) -> str:
        """Return why the worker could not start, without a final full stop; empty if unknown."""
        return self._page[_REASON:].rstrip(b"\0").decode("utf-8", "replace")

    def succeed(self) -> None:
        self._page[_READY] = 1

    def fail(self, sentence: str) -> None:
        text = sentence.encode()[: _BYTES - _REASON]
        self._page[_REASON : _REASON + len(text)] = text


def record_failure(worker: Any, start_status: StartStatus, init_process: Callable[[], None]) -> Callable[[], None]:
    """Return an `init_process` that records why a start failed, instead of printing a traceback.

    `init_process` runs until the worker ends. Errors after the start are left to gunicorn.
    """

    def init() -> None:
        reserve = [bytearray(_RESERVE)]
        try:
            init_process()
        except (Exception, SystemExit) as error:
            reserve.clear()
            if worker.booted or (isinstance(error, SystemExit) and not error.code):
                raise
            _fail(worker, start_status, error)

    return init


def _fail(worker: Any, start_status: StartStatus, error: BaseException) -> NoReturn:
    """End the process at once: an orderly exit needs memory, files and a disk, which may be exhausted."""
    try:
        start_status.fail(explain(error))
        worker.log.debug("The worker could not start", exc_info=error)
    except Exception:  # noqa: BLE001 - probably out of memory here too
        start_status.fail(NO_MEMORY)
    finally:
        os._exit(FAILED)
