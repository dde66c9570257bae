"""The tokens that browsers hold in their cookies, and the cookie's name.

A token is signed, so that one can be handed out before there is a user for it, and none can be chosen by a browser.
The name follows from the same key: two servers on one host have cookies of their own, since cookies know no ports.
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
    """`key` gives the server's secret key; it may raise StoreUnavailable."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._read_key = key

    @cached_property
    def cookie(self) -> str:
        """The name of the cookie, other than any other server's."""
        return f"parley_{self._digest('cookie name').hex()[:12]}"

    def new(self) -> str:
        """Make a token that nobody has."""
        text = secrets.token_urlsafe(32)
        return f"{text}.{self._signature(text)}"

    def is_signed(self, token: str) -> bool:
        """Return whether this server made the token."""
        text, _, signature = token.partition(".")
        return hmac.compare_digest(signature.encode(), self._signature(text).encode())

    @cached_property
    def _key(self) -> bytes:
        return self._read_key()

    def _signature(self, text: str) -> str:
        return base64.urlsafe_b64encode(self._digest(f"token {text}")[:_SIGNATURE_BYTES]).decode()

    def _digest(self, text: str) -> bytes:
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
