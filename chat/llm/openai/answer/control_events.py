"""Events that are no part of an answer's text: its end, an error in plain text, a sign of life."""

from __future__ import annotations

import re

END_NAMES = frozenset((b"done", b"end", b"complete", b"finish"))
ERROR_NAMES = frozenset((b"error", b"exception", b"fail", b"failed", b"failure"))
PING_NAMES = frozenset((b"ping", b"heartbeat", b"keepalive", b"keep-alive", b"keep_alive"))

_END = re.compile(rb"""(?:data:|[\[<"'\s])*(?:done|end|eos|finished)[\]>"'\s]*""", re.IGNORECASE)
_ERROR = re.compile(rb"""(?![{"]|\[[{"])(?=.*\b(?:error|exception|failed)\b)""", re.IGNORECASE | re.DOTALL)
# Nothing, a number, a comment, or a word.
_PING = re.compile(
    rb"""null | true | false | \{\} | \[\] | "" | [-+.\d]* | :.* | \W*(?:ping|heart[-_ ]?beat|keep[-_ ]?alive)\b.*""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


def is_end(name: bytes, data: bytes) -> bool:
    """Return whether data that is no JSON object marks the end of the answer."""
    bare = data.strip()
    return bool(_END.fullmatch(bare)) or (name in END_NAMES and not bare)


def is_error(name: bytes, data: bytes) -> bool:
    """Return whether data that is no JSON object is an error."""
    return name in ERROR_NAMES or bool(_ERROR.match(data.lstrip()))


def is_ping(name: bytes, data: bytes) -> bool:
    """Return whether data that is no JSON object means nothing."""
    return name in PING_NAMES or bool(_PING.fullmatch(data.strip()))
