"""Backup files: written under another name until they are complete, and readable only by this process's user."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from chat.errors import MaintenanceRefused
from chat.store.archive.archive_file import NotWritten


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file, which gets the name `path` at the end, once its content is on the disk.

    After an error nothing is left. Raises MaintenanceRefused if the file exists or cannot be written.
    """
    if path.name in ("", "-"):  # an empty variable of a script; a pipe, which could not be read again
        raise MaintenanceRefused(f"'{path}' is not the name of a file: name a new one.")
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    try:
        if path.exists() or path.is_symlink():
            raise FileExistsError
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _publish(draft, path)
    except FileExistsError:
        raise MaintenanceRefused(f"{path} exists already, and is not replaced: name another file.") from None
    except OSError as error:
        raise MaintenanceRefused(f"{path} cannot be written: {error.strerror or error}.") from error
    except NotWritten as error:
        raise MaintenanceRefused(f"{path} cannot be written: {error.reason}.") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


@contextlib.contextmanager
def existing_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a backup file for reading. Raises MaintenanceRefused."""
    try:
        if not path.is_file() and not path.is_dir() and path.exists():  # /dev/zero would fill the memory
            raise MaintenanceRefused(f"{path} cannot be read: it is a device or a pipe, not a file.")
        file = path.open("rb")
    except OSError as error:
        raise MaintenanceRefused(f"{path} cannot be read: {error.strerror or error}.") from error
    with file:
        yield file


def _publish(draft: Path, path: Path) -> None:
    """Give the file its name, unless another file has got it meanwhile."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
