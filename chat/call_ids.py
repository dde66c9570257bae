"""Ids of tool calls: new ones where an endpoint gave none, replacements where an endpoint refuses foreign ids.

Nine letters and digits satisfy every rule that endpoints are known to have.
"""

from __future__ import annotations

import hashlib
import secrets

_LENGTH = 9
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def new_call_id() -> str:
    """Return a new random id."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def portable_call_id(call_id: str, used_ids: set[str]) -> str:
    """Return an id for `call_id` that every endpoint accepts and that is not in `taken`.

    The same arguments always give the same id.
    """
    for attempt in range(len(used_ids) + 1):
        number = int.from_bytes(hashlib.sha256(f"{attempt} {call_id}".encode("utf-8", "replace")).digest()[:8])
        characters = []
        for _ in range(_LENGTH):
            number, index = divmod(number, len(_ALPHABET))
            characters.append(_ALPHABET[index])
        candidate = "".join(characters)
        if candidate not in used_ids:
            return candidate
    raise AssertionError("more ids than attempts")
