"""The key by which a shared link's token follows from its salt: a file beside the database, never in it."""

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
        """The token of the link that has this salt. Raises StoreUnavailable."""
        made = hmac.new(self._file.read(), salt.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")
