"""A secret key in a file of its own: made once, readable by this user alone."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from chat.errors import StoreUnavailable

_BYTES = 32


class KeyFile:
    """Made at the first use, by whichever process comes first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = b""

    def read(self) -> bytes:
        """Return the key. Raises StoreUnavailable."""
        if not self._key:
            try:
                if not self._path.exists():
                    self._make()
                self._key = self._path.read_bytes()
                if not self._key:
                    raise OSError("it is empty")
            except OSError as error:
                raise StoreUnavailable(f"The key in {self._path.name} cannot be read or made.") from error
        return self._key

    def _make(self) -> None:
        """Write the file whole or not at all: it is linked into its place only once it is written."""
        draft = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
        try:
            with contextlib.suppress(FileExistsError):  # another process was first: its key holds
                self._path.hardlink_to(draft)
        finally:
            draft.unlink()
