"""Session tokens in browsers' cookies, and the cookie's name.

A token is signed, so that the server can issue one before its user exists, and a browser cannot choose one. The name is
derived from the same key, since cookies ignore ports: two servers on one host have different cookies.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from functools import cached_property

_SIGNATURE_BYTES = 18


class Tokens:
    """Issuer of tokens. `key` returns the server's secret key; it may raise StoreUnavailable."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._read_key = key

    @cached_property
    def cookie(self) -> str:
        """Return the cookie's name, which differs from other servers' names."""
        return f"parley_{self._digest('cookie name').hex()[:12]}"

    @cached_property
    def key_digest(self) -> str:
        """Return a digest that is equal on two servers with equal keys, and does not reveal the key."""
        return self._digest("key digest").hex()[:16]

    def new(self) -> str:
        """Return a new random token."""
        text = secrets.token_urlsafe(32)
        return f"{text}.{self._signature(text)}"

    def is_signed(self, token: str) -> bool:
        """Return whether this server issued the token."""
        text, _, signature = token.partition(".")
        return hmac.compare_digest(signature.encode(), self._signature(text).encode())

    def signature(self, purpose: str, text: str) -> str:
        """Return the signature of a text that this server issues for another purpose."""
        return base64.urlsafe_b64encode(self._digest(f"{purpose} {text}")[:_SIGNATURE_BYTES]).decode()

    @cached_property
    def _key(self) -> bytes:
        return self._read_key()

    def _signature(self, text: str) -> str:
        return self.signature("token", text)

    def _digest(self, text: str) -> bytes:
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
