"""The key by which a shared link's token follows from its salt: a file beside the database, never in it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from chat.errors import StoreUnavailable

_BYTES = 32


class ShareKey:
    """Made at the first use, by whichever process comes first; only this user may read it."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}.share-key")
        self._key = b""

    def token(self, salt: str) -> str:
        """The token of the link that has this salt. Raises StoreUnavailable."""
        made = hmac.new(self._read(), salt.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    def _read(self) -> bytes:
        if not self._key:
            try:
                if not self._path.exists():
                    self._make()
                self._key = self._path.read_bytes()
            except OSError as error:
                raise StoreUnavailable("Links cannot be made at the moment.") from error
        return self._key

    def _make(self) -> None:
        """Whole or not at all: linked into its place only once it is written."""
        draft = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
        try:
            with contextlib.suppress(FileExistsError):  # another process was first: its key holds
                self._path.hardlink_to(draft)
        finally:
            draft.unlink()
