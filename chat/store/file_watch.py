"""Notices that the database's files were removed or replaced while they are in use.

SQLite goes on with a file that has no name any more, and whoever opens the database next begins another one: what is
written then is in two databases, and one of them is lost.
"""

from __future__ import annotations

from pathlib import Path

# Device and number of a file: another file under the same name has others.
Identity = tuple[int, int]


def identity(path: Path) -> Identity | None:
    """Return which file this is; None where there is none, or none that can be seen."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class FileWatch:
    """The files of one open database. `lost` is whether one of them is not there any more; it may come back."""

    def __init__(self, path: Path) -> None:
        self._files = (path, path.with_name(f"{path.name}-wal"))
        self._seen: dict[Path, Identity] = {}
        self.lost = False

    def look(self) -> bool:
        """Compare the files with what they were; return whether `lost` has changed. A file counts once it was seen."""
        before = self.lost
        self.lost = not self.are_there()
        if not self.lost:
            self.note()
        return self.lost != before

    def note(self) -> None:
        """Remember which files there are, of those that were not seen before."""
        now = {path: identity(path) for path in self._files if path not in self._seen}
        self._seen |= {path: found for path, found in now.items() if found is not None}

    def are_there(self) -> bool:
        """Return whether every file that was seen is still the one under its name."""
        return all(identity(path) == seen for path, seen in list(self._seen.items()))

    @property
    def identity(self) -> Identity | None:
        """Which file the database was when it was first seen."""
        return self._seen.get(self._files[0])
