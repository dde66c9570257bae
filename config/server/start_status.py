"""The start of a worker, as its master knows it: whether it became ready, or why it could not.

A worker's exit status tells its master too little, and comes too late: a reload must not end the workers of before
until the new ones are ready. So master and worker share a page of memory from the fork on.
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
# Given back for the sentence to be made where there is no memory left.
_RESERVE = 4 << 20


class StartStatus:
    """One worker's start. Make it before the fork; the worker writes, the master reads."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, _BYTES)

    @property
    def ready(self) -> bool:
        return self._page[_READY] != 0

    @property
    def failure(self) -> str:
        """Why it could not start, in a sentence without a final stop; empty where it did not come to say so."""
        return self._page[_REASON:].rstrip(b"\0").decode("utf-8", "replace")

    def succeed(self) -> None:
        self._page[_READY] = 1

    def fail(self, sentence: str) -> None:
        text = sentence.encode()[: _BYTES - _REASON]
        self._page[_REASON : _REASON + len(text)] = text


def record_failure(worker: Any, start_status: StartStatus, init_process: Callable[[], None]) -> Callable[[], None]:
    """Return `init_process` of a worker that tells `start_status` why it failed, instead of printing a traceback.

    It runs as long as the worker does: what goes wrong after the start is left to gunicorn.
    """

    def init() -> None:
        reserve = [bytearray(_RESERVE)]
        try:
            init_process()
        except (Exception, SystemExit) as error:
            reserve.clear()
            if worker.booted or (isinstance(error, SystemExit) and not error.code):
                raise
            _leave(worker, start_status, error)

    return init


def _leave(worker: Any, start_status: StartStatus, error: BaseException) -> NoReturn:
    """End the process at once: to leave in order takes memory, files and a disk, which may be what is missing."""
    try:
        start_status.fail(explain(error))
        worker.log.debug("The worker could not start", exc_info=error)
    except Exception:  # noqa: BLE001 - most likely there is no memory for this either
        start_status.fail(NO_MEMORY)
    finally:
        os._exit(FAILED)
