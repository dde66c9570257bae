"""The piece of a text around what was searched for, and where in it the words stand. Plain text throughout."""

from __future__ import annotations

import collections
import re
import unicodedata
from typing import Any

from chat.store.plain_text import plain_text
from chat.store.records import Snippet
from chat.store.words import UNSPACED, fold_text, is_prefix

_CHARS = 160
_BEFORE = 40
_HITS = 200


def snippet(text: str, words: list[str], message_id: int | None = None, *, markdown: bool = False) -> Snippet:
    """The first place with most of the words. Without any, which other spellings may cause, the beginning.

    Markdown is shown without its signs, unless a word stands only in what they hide, as in a link's address.
    """
    plain, hits = _found(text, words)
    if markdown:
        shown, hits_shown = _found(plain_text(text), words)
        if _numbers(hits_shown) == _numbers(hits):
            plain, hits = shown, hits_shown
    begin, end = _window(plain, hits)
    lead, trail = "…" * (begin > 0), "…" * (end < len(plain))
    shift = len(lead) - begin
    marks = [(first + shift, last + shift) for first, last, _ in hits if begin <= first and last <= end]
    return Snippet(f"{lead}{plain[begin:end]}{trail}", _apart(marks), message_id)


def _found(text: str, words: list[str]) -> tuple[str, list[tuple[int, int, int]]]:
    plain = unicodedata.normalize("NFC", text).translate(_BLANKS)
    return plain, _hits(plain, words)


def _numbers(hits: list[tuple[int, int, int]]) -> set[int]:
    return {number for _, _, number in hits}


class _Folding(dict[int, int]):
    """Letters without their case and accents, one for one, so that places stay. Learns each as it comes."""

    def __missing__(self, code: int) -> int:
        folded = fold_text(chr(code))
        self[code] = ord(folded) if len(folded) == 1 else code
        return self[code]


_FOLDING = _Folding()
_BLANKS = {ord(each): " " for each in "\n\r\t\v\f"}


def _hits(plain: str, words: list[str]) -> list[tuple[int, int, int]]:
    """Where words stand, first things first: begin, end and which word."""
    folded = _fold(plain)
    found: list[tuple[int, int, int]] = []
    for number, word in enumerate(words):
        pattern = _pattern(word, unfinished=number == len(words) - 1 and is_prefix(word))
        for place, _ in zip(re.finditer(pattern, folded), range(_HITS), strict=False):
            found.append((place.start(), place.end(), number))
    return sorted(found)


def _pattern(word: str, *, unfinished: bool) -> str:
    """As the index compares: words apart from others, signs inside them whatever they are."""
    parts = re.findall(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+", _fold(unicodedata.normalize("NFC", word)))
    joined = r"[\W_]*".join(re.escape(part) for part in parts)
    apart = rf"[^\W_{UNSPACED}]"
    before = "" if not parts or re.match(f"[{UNSPACED}]", parts[0]) else f"(?<!{apart})"
    after = "" if unfinished or not parts or re.match(f"[{UNSPACED}]", parts[-1]) else f"(?!{apart})"
    return f"{before}{joined}{after}" if parts else r"(?!)"


def _fold(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_FOLDING)


def _window(plain: str, hits: list[tuple[int, int, int]]) -> tuple[int, int]:
    """From where to where the text is shown: cut between words where it can be."""
    first = _richest(hits)
    begin = max(0, min(first - _BEFORE, len(plain) - _CHARS))
    if begin > 0 and (blank := plain.find(" ", begin, first)) >= 0:
        begin = blank + 1
    end = min(len(plain), begin + _CHARS)
    if end < len(plain) and (blank := plain.rfind(" ", first + _CHARS // 2, end)) >= 0:
        end = blank
    return begin, end


def _richest(hits: list[tuple[int, int, int]]) -> int:
    """Where the stretch begins that has most of the words, the first of them if there are several."""
    best, first = 0, 0
    inside: collections.Counter[int] = collections.Counter()
    last = 0
    for begin, _, number in hits:
        while last < len(hits) and hits[last][0] < begin + _CHARS - _BEFORE:
            inside[hits[last][2]] += 1
            last += 1
        if len(inside) > best:
            best, first = len(inside), begin
        inside -= collections.Counter((number,))
    return first


def _apart(marks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Marks that overlap, as one."""
    apart: list[Any] = []
    for begin, end in marks:
        if apart and begin < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((begin, end))
    return apart
