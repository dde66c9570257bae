"""Ids of tool calls: made where an endpoint gave none, and made anew where one refuses those that it did not give.

Nine letters and digits satisfy every rule that endpoints are known to have.
"""

from __future__ import annotations

import hashlib
import secrets

_LENGTH = 9
_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def made_id() -> str:
    """A new id, unlike every other."""
    return "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))


def accepted_id(call_id: str, taken: set[str]) -> str:
    """An id for `call_id` that every endpoint accepts: always the same, but for those in `taken`."""
    for attempt in range(len(taken) + 1):
        number = int.from_bytes(hashlib.sha256(f"{attempt} {call_id}".encode("utf-8", "replace")).digest()[:8])
        signs = []
        for _ in range(_LENGTH):
            number, sign = divmod(number, len(_SIGNS))
            signs.append(_SIGNS[sign])
        found = "".join(signs)
        if found not in taken:
            return found
    raise AssertionError("more ids than attempts")
