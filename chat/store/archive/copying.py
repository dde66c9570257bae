"""Copy a database into an empty one, of the same or another engine, while nobody writes to it."""

from __future__ import annotations

import tempfile
from typing import IO

from chat.errors import DatabaseTooNew, MaintenanceRefused, StoreBusy, StoreUnavailable
from chat.store.archive.archive_file import ArchiveReader, NotWritten
from chat.store.archive.dump import dump, existing_tables, refuse_outdated
from chat.store.archive.load import Restored, restore
from chat.store.archive.progress import Progress
from chat.store.engines.contract import Engine

_RUNNING = "SELECT count(*) FROM turns WHERE status = 'running'"


def check_source(source: Engine) -> None:
    """Raise MaintenanceRefused, DatabaseTooNew or StoreUnavailable unless the database can be copied now."""

    def work() -> None:
        existing_tables(source)
        refuse_outdated(source)
        (running,) = source.execute(_RUNNING).fetchone()
        if running:
            raise MaintenanceRefused(
                f"{source.location} has {running} running answers. Stop the server first; if it was killed, start it"
                " again, wait until /readyz returns 200, and stop it."
            )

    source.read(work)


def copy(source: Engine, target: Engine, progress: Progress) -> Restored:
    """Copy `source` into `target` by way of a temporary file. Call `check_source` and `check_target` first.

    Raises MaintenanceRefused, also for errors of the source; StoreUnavailable and OSError are errors of the target.
    """
    began = False

    def work() -> Restored:
        nonlocal began
        began = True
        with tempfile.TemporaryFile() as file:
            _dump(source, file, progress)
            archive = ArchiveReader(file, "The copy's temporary file")
            archive.verify(lambda _rows: None)
            return restore(target, archive, lambda _keys: None, progress)

    try:
        return source.maintenance.frozen(work)
    except StoreBusy as error:
        if began:
            raise
        raise MaintenanceRefused(f"{source.location} is in use: stop every program that writes to it.") from error


def _dump(source: Engine, file: IO[bytes], progress: Progress) -> None:
    try:
        dump(source, file, {}, progress)
    except DatabaseTooNew:
        raise
    except StoreUnavailable as error:
        raise MaintenanceRefused(
            f"{source.location} cannot be read completely ({error.__cause__ or error})."
        ) from error
    except NotWritten as error:
        raise MaintenanceRefused(
            f"The temporary folder {tempfile.gettempdir()} cannot hold the copy ({error.reason}); TMPDIR can name"
            " another one."
        ) from error
