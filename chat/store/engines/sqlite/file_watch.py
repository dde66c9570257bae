"""Detect that the database's files were removed or replaced while they are in use.

SQLite goes on with a file that has lost its name, and the next process to open the database creates a new file. Later
writes then go to two databases, and one of them is lost.
"""

from __future__ import annotations

from pathlib import Path


def identity(path: Path) -> str:
    """Return device and inode number of a file, or "" if it does not exist or cannot be accessed.

    Another file under the same name has others.
    """
    try:
        stat = path.stat()
    except OSError:
        return ""
    return f"{stat.st_dev}:{stat.st_ino}"


class FileWatch:
    """The files of one open database. `lost` is whether one of them is missing or replaced; it may come back."""

    def __init__(self, path: Path) -> None:
        self._files = (path, path.with_name(f"{path.name}-wal"))
        self._seen: dict[Path, str] = {}
        self.lost = False

    def check(self) -> bool:
        """Compare the files with their known identities. Return whether `lost` has changed."""
        before = self.lost
        self.lost = not self.unchanged()
        if not self.lost:
            self.remember()
        return self.lost != before

    def remember(self) -> None:
        """Store the identities of files that were not seen before."""
        new = {path: identity(path) for path in self._files if path not in self._seen}
        self._seen |= {path: file for path, file in new.items() if file}

    def unchanged(self) -> bool:
        """Return whether every file seen before still has its name."""
        return all(identity(path) == seen for path, seen in list(self._seen.items()))

    @property
    def identity(self) -> str:
        """Return the identity of the database file when it was first seen, or ""."""
        return self._seen.get(self._files[0], "")
