"""A restore whose process is killed: the database is as empty as before, and the restore can be repeated."""

from __future__ import annotations

import os
import signal
from contextlib import AbstractContextManager, nullcontext

import pytest

from chat.store.archive.archive_file import Advance
from chat.store.archive.load import check_target, restore
from chat.store.engines.contract import Engine
from chat.store.integrity import check

from .conftest import dumped, reader, restored


def killed_restore(engine: Engine, backup: bytes, fatal_phase: str) -> int:
    """Restore in another process, which kills itself when a phase begins. Return how it ended."""

    def progress(phase: str, _rows: int) -> AbstractContextManager[Advance]:
        if phase == fatal_phase:
            os.kill(os.getpid(), signal.SIGKILL)
        return nullcontext(lambda _rows: None)

    child = os.fork()
    if child == 0:
        try:
            restore(engine, reader(backup), lambda _keys: None, progress)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("phase", ["Writing", "Comparing"])
def test_a_killed_restore_leaves_the_database_empty(filled, target, phase):
    backup = dumped(filled.store.engine)
    assert killed_restore(target, backup, phase) == -signal.SIGKILL
    check_target(target)
    restored(target, backup)
    assert check(target)[1] == []
