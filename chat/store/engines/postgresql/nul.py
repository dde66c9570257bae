"""Characters of texts that PostgreSQL cannot store: U+0000.

It is stored as an escape sequence. The sequence begins with a code point that is no character, so it is in no text but
those written on purpose, and there it is escaped too.
"""

from __future__ import annotations

import re

from psycopg.adapt import Buffer, Loader

_ESCAPE = "\U0010ffff"
_ESCAPE_BYTES = _ESCAPE.encode()
_SEQUENCE = re.compile(f"{_ESCAPE}([01])")


def storable(text: str) -> str:
    """Return a text in the form that is stored."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace(_ESCAPE, f"{_ESCAPE}1").replace("\x00", f"{_ESCAPE}0")


class TextLoader(Loader):
    """Reads a stored text."""

    def load(self, data: Buffer) -> str:
        stored = bytes(data)
        text = stored.decode()
        return _SEQUENCE.sub(_original, text) if _ESCAPE_BYTES in stored else text


def _original(sequence: re.Match[str]) -> str:
    return "\x00" if sequence[1] == "0" else _ESCAPE
