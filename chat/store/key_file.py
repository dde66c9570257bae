"""A secret key in its own file, created once and readable only by this process's user."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from chat.errors import StoreUnavailable

# The key that signs cookies where SECRET_KEY is not set, in DATA_DIR.
COOKIE_KEY = "secret-key"

_BYTES = 32


class KeyFile:
    """Key file, created at the first use by the first process that needs it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = b""

    def read(self) -> bytes:
        """Return the key. Raises StoreUnavailable if the file can be neither read nor created."""
        if not self._key:
            try:
                if not self._path.exists():
                    self._create()
                self._key = self._path.read_bytes()
                if not self._key:
                    raise OSError("it is empty")
            except OSError as error:
                raise StoreUnavailable(f"The key in {self._path.name} cannot be read or created.") from error
        return self._key

    def existing(self) -> bytes | None:
        """Return the key, or None if there is no file. Raises StoreUnavailable."""
        return self.read() if self._path.exists() else None

    def replace(self, key: bytes) -> None:
        """Write another key into the file, atomically. Raises OSError."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._draft(key)
        try:
            draft.replace(self._path)
        except OSError:
            draft.unlink()
            raise
        self._key = key

    def _draft(self, key: bytes) -> Path:
        draft = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        return draft

    def _create(self) -> None:
        """Create the file atomically: write a draft, then link it to the final name."""
        draft = self._draft(secrets.token_bytes(_BYTES))
        try:
            with contextlib.suppress(FileExistsError):  # another process was first: use its key
                self._path.hardlink_to(draft)
        finally:
            draft.unlink()
