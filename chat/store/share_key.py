"""The key that derives a shared link's token from its salt, stored in a file beside the database."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

from chat.store.key_file import KeyFile


class ShareKey:
    def __init__(self, database: Path) -> None:
        self._file = KeyFile(database.with_name(f"{database.name}.share-key"))

    def token(self, salt: str) -> str:
        """Return the token of the link with this salt. Raises StoreUnavailable."""
        digest = hmac.new(self._file.read(), salt.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
