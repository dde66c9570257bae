"""What an endpoint says about itself, made fit to be shown: short, on one line, without anything secret."""

from __future__ import annotations

import re

MAX_QUOTE = 200

_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_BEARER = re.compile(r"\bbearer\s+\S+", re.IGNORECASE)
# What keys look like: a known beginning, asterisks in the middle, or a long run of letters with digits.
_KEY_LIKE = re.compile(
    r"""\b(?:(?:sk|pk|rk|gsk|xai|hf|key|ghp|csk|nvapi|pplx|r8|fw)[-_]|AIza)[A-Za-z0-9_*.\-]{8,}
      | [^\s'"]*\*{3,}[^\s'"]*
      | (?=[A-Za-z0-9]*[0-9])(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{24,}
    """,
    re.VERBOSE,
)
_HIDDEN = "[hidden]"


def quotable(text: object, secret: str) -> str:
    """`text` on one line, at most `MAX_QUOTE` characters, without `secret`, addresses or what looks like a key.

    "" for anything that isn't text, and for a page of HTML.
    """
    if not isinstance(text, str) or text.lstrip().startswith("<"):
        return ""
    # Cut first, so that a huge text costs nothing, but with room for the secrets that are about to shrink.
    line = "".join(each if each.isprintable() else " " for each in text[: 10 * MAX_QUOTE])
    line = " ".join(_hide(line, secret).split())
    return line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 1] + "…"


def _hide(line: str, secret: str) -> str:
    if secret:
        # As a word of its own only: the key of a server of one's own may be "x".
        line = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", _HIDDEN, line)
    if len(secret) >= 12:
        line = line.replace(secret, _HIDDEN)
        # Endpoints like to repeat a key in part.
        line = re.sub(re.escape(secret[:6]) + r"\S*", _HIDDEN, line)
    for pattern in (_ADDRESS, _BEARER, _KEY_LIKE):
        line = pattern.sub(_HIDDEN, line)
    return line
