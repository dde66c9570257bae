"""The key that derives a shared link's token from its salt. The engine keeps it outside the database."""

from __future__ import annotations

import base64
import hashlib
import hmac

from chat.store.engines.contract import Engine


class ShareKey:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._key = b""

    def token(self, salt: str) -> str:
        """Return the token of the link with this salt. Raises StoreUnavailable."""
        self._key = self._key or self._engine.key("share-key")
        digest = hmac.new(self._key, salt.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
