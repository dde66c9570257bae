"""An endpoint's messages, made fit to be shown: short, on one line, without secrets."""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote

MAX_QUOTE = 300

_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_BEARER = re.compile(r"\bbearer\s+\S+", re.IGNORECASE)
# Patterns of keys: a known beginning, asterisks in the middle, or a long run of letters with digits.
_KEY_LIKE = re.compile(
    r"""\b(?:(?:sk|pk|rk|gsk|xai|hf|key|ghp|csk|nvapi|pplx|r8|fw)[-_]|AIza)[A-Za-z0-9_*.\-]{8,}
      | [^\s'"]*\*{3,}[^\s'"]*
      | (?=[A-Za-z0-9]*[0-9])(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{24,}
    """,
    re.VERBOSE,
)
_PAGE = re.compile(
    r"[\ufeff\s]*<(?:!doctype|!--|\?xml|html\b|head\b|body\b|[a-z][^<>]*>.*</)", re.IGNORECASE | re.DOTALL
)
_ENCODED = re.compile(r"[A-Za-z0-9+/_\-]{12,}={0,2}")
_HIDDEN = "[hidden]"
# This many consecutive letters and digits of a key disclose it, whatever other characters separate them.
_RUN = 8
_BEGINNING = 6


def quotable(text: object, *secrets: str) -> str:
    """Return `text` on one line, without `secrets`, addresses and anything that looks like a key.

    At most `MAX_QUOTE` characters; "" for anything but text, and for a page of HTML.
    """
    if not isinstance(text, str) or is_page(text):
        return ""
    # Cut first, so that a huge text is cheap, but leave room for the secrets that will shrink.
    line = "".join(each if each.isprintable() else " " for each in text[: 10 * MAX_QUOTE])
    line = " ".join(hidden(line, secrets).split())
    return line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 1] + "…"


def is_page(text: str) -> bool:
    """Return whether `text` is HTML or XML. A message may begin with a tag or a number between angle brackets."""
    return bool(_PAGE.match(text))


def hidden(line: str, secrets: Sequence[str], *, addresses: bool = False) -> str:
    """Return `line` without secrets; `addresses` may stay."""
    for secret in secrets:
        if secret:
            line = _without(line, secret)
    for pattern in (_BEARER, _KEY_LIKE) if addresses else (_ADDRESS, _BEARER, _KEY_LIKE):
        line = pattern.sub(_HIDDEN, line)
    return line


def _without(line: str, secret: str) -> str:
    # As a whole word only: the key of a local server may be "x".
    line = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", _HIDDEN, line)
    key = _Key(secret)
    if not key.is_long_enough:
        return line
    for read in (str, unquote, html.unescape):
        form = read(line)
        if key.is_in(form):
            line = key.hide(form)
    return _ENCODED.sub(lambda word: _HIDDEN if key.is_encoded_in(word[0]) else word[0], line)


class _Key:
    """A secret, recognized in any case, with other characters between its own, and in part."""

    def __init__(self, secret: str) -> None:
        text = "".join(character for _, character in _characters(secret))
        self.is_long_enough = len(text) >= _RUN
        self._runs = {text[start : start + _RUN] for start in range(len(text) - _RUN + 1)}
        # Endpoints often repeat a part of a key: its beginning.
        self._beginning = text[:_BEGINNING] if len(secret) >= 12 else ""

    def is_in(self, line: str) -> bool:
        return any(True for _ in self._places(line))

    def hide(self, line: str) -> str:
        """Return `line` with every word hidden that holds a part of the key."""
        parts: list[str] = []
        last = 0
        for begin, end in (_word_around(line, *place) for place in self._places(line)):
            if begin >= last:
                parts += line[last:begin], _HIDDEN
            last = max(last, end)
        return "".join([*parts, line[last:]])

    def is_encoded_in(self, word: str) -> bool:
        return any(self.is_in(decoded) for decoded in _decoded(word))

    def _places(self, line: str) -> Iterator[tuple[int, int]]:
        """Yield begin and end of each stretch of `line` that is a part of the key."""
        characters = list(_characters(line))
        text = "".join(character for _, character in characters)
        begin = end = -1
        for start in range(len(text)):
            length = self._length_at(text, start)
            if not length:
                continue
            if start > end >= 0:
                yield characters[begin][0], characters[end - 1][0] + 1
                begin = -1
            begin = start if begin < 0 else begin
            end = max(end, start + length)
        if begin >= 0:
            yield characters[begin][0], characters[end - 1][0] + 1

    def _length_at(self, text: str, start: int) -> int:
        if text[start : start + _RUN] in self._runs:
            return _RUN
        return len(self._beginning) if self._beginning and text.startswith(self._beginning, start) else 0


def _word_around(line: str, begin: int, end: int) -> tuple[int, int]:
    while begin and not line[begin - 1].isspace():
        begin -= 1
    while end < len(line) and not line[end].isspace():
        end += 1
    return begin, end


def _characters(text: str) -> Iterator[tuple[int, str]]:
    """Yield the letters and digits of `text` in normal form, each with its position."""
    for place, character in enumerate(text):
        plain = unicodedata.normalize("NFKC", character).lower()[:1]
        if plain.isalnum():
            yield place, plain


def _decoded(word: str) -> Iterator[str]:
    """Yield the possible decodings of `word`: base64, from any offset in a longer text, or hexadecimal digits."""
    standard = word.rstrip("=").replace("-", "+").replace("_", "/")
    readings: list[Callable[[], bytes]] = [lambda: bytes.fromhex(word)]
    for skipped in range(4):
        part = standard[skipped:]
        readings.append(lambda part=part: base64.b64decode(part[: len(part) // 4 * 4]))  # type: ignore[misc]
    for read in readings:
        try:
            yield read().decode("latin-1")
        except (ValueError, binascii.Error):
            continue
