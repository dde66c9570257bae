"""Copy a database into an empty one, of the same or another engine, while nobody writes to it."""

from __future__ import annotations

import tempfile

from chat.errors import MaintenanceRefused
from chat.store.archive.archive_file import ArchiveReader
from chat.store.archive.dump import dump
from chat.store.archive.load import Restored, check_target, restore
from chat.store.archive.progress import Progress
from chat.store.engines.contract import Engine

_RUNNING = "SELECT count(*) FROM turns WHERE status = 'running'"


def copy(source: Engine, target: Engine, progress: Progress) -> Restored:
    """Copy `source` into `target` by way of a temporary file. Raises MaintenanceRefused, StoreUnavailable, OSError."""
    check_target(target)

    def work() -> Restored:
        with tempfile.TemporaryFile() as file:
            _refuse_running_turns(source)
            dump(source, file, {}, progress)
            archive = ArchiveReader(file, "The copy's temporary file")
            return restore(target, archive, lambda _keys: None, progress)

    return source.maintenance.frozen(work)


def _refuse_running_turns(source: Engine) -> None:
    (running,) = source.execute(_RUNNING).fetchone()
    if running:
        raise MaintenanceRefused(
            f"{source.location} has {running} running answers. Stop the server first; if it was killed, start it again,"
            " wait until /readyz returns 200, and stop it."
        )
