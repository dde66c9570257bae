"""Folders of the file system."""

from __future__ import annotations

import tempfile
from pathlib import Path


def check_can_create(path: Path) -> None:
    """Raise OSError unless this user can create `path`, or a file in it where it is a folder."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    # Tried with an unnamed file: permissions do not apply to root.
    tempfile.TemporaryFile(dir=existing).close()
