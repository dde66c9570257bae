"""Snippets: the part of a text around the search words, as plain text, and the positions of the words in it."""

from __future__ import annotations

import collections
import re
import unicodedata
from typing import Any

from chat.store.plain_text import plain_text
from chat.store.records import Snippet
from chat.store.tokenizer import UNSPACED, fold_text, is_prefix

_CHARS = 160
_BEFORE = 40
_HITS = 200


def snippet(text: str, words: list[str], message_id: int | None = None, *, markdown: bool = False) -> Snippet:
    """Return the first part of the text with most of the words, or its beginning if no word is found.

    The index may match spellings that are not found here. Markdown syntax is removed, unless a word occurs only in
    the removed part, such as a link's address.
    """
    plain, hits = _with_hits(text, words)
    if markdown:
        stripped, stripped_hits = _with_hits(plain_text(text), words)
        if _numbers(stripped_hits) == _numbers(hits):
            plain, hits = stripped, stripped_hits
    begin, end = _window(plain, hits)
    lead, trail = "…" * (begin > 0), "…" * (end < len(plain))
    shift = len(lead) - begin
    marks = [(first + shift, last + shift) for first, last, _ in hits if begin <= first and last <= end]
    return Snippet(f"{lead}{plain[begin:end]}{trail}", _merged(marks), message_id)


def _with_hits(text: str, words: list[str]) -> tuple[str, list[tuple[int, int, int]]]:
    plain = unicodedata.normalize("NFC", text).translate(_BLANKS)
    return plain, _hits(plain, words)


def _numbers(hits: list[tuple[int, int, int]]) -> set[int]:
    return {number for _, _, number in hits}


class _Folding(dict[int, int]):
    """Translation table that removes case and accents one to one, so offsets stay. It caches each character."""

    def __missing__(self, code: int) -> int:
        folded = fold_text(chr(code))
        self[code] = ord(folded) if len(folded) == 1 else code
        return self[code]


_FOLDING = _Folding()
_BLANKS = {ord(each): " " for each in "\n\r\t\v\f"}


def _hits(plain: str, words: list[str]) -> list[tuple[int, int, int]]:
    """Return begin, end and word number of each occurrence, in order of position."""
    folded = _fold(plain)
    hits: list[tuple[int, int, int]] = []
    for number, word in enumerate(words):
        pattern = _pattern(word, unfinished=number == len(words) - 1 and is_prefix(word))
        for match, _ in zip(re.finditer(pattern, folded), range(_HITS), strict=False):
            hits.append((match.start(), match.end(), number))
    return sorted(hits)


def _pattern(word: str, *, unfinished: bool) -> str:
    """Return a pattern that matches like the index: whole words, with any punctuation inside them."""
    parts = re.findall(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+", _fold(unicodedata.normalize("NFC", word)))
    joined = r"[\W_]*".join(re.escape(part) for part in parts)
    word_char = rf"[^\W_{UNSPACED}]"
    before = "" if not parts or re.match(f"[{UNSPACED}]", parts[0]) else f"(?<!{word_char})"
    after = "" if unfinished or not parts or re.match(f"[{UNSPACED}]", parts[-1]) else f"(?!{word_char})"
    return f"{before}{joined}{after}" if parts else r"(?!)"


def _fold(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_FOLDING)


def _window(plain: str, hits: list[tuple[int, int, int]]) -> tuple[int, int]:
    """Return begin and end of the part to show, cut between words where possible."""
    first = _best_start(hits)
    begin = max(0, min(first - _BEFORE, len(plain) - _CHARS))
    if begin > 0 and (blank := plain.find(" ", begin, first)) >= 0:
        begin = blank + 1
    end = min(len(plain), begin + _CHARS)
    if end < len(plain) and (blank := plain.rfind(" ", first + _CHARS // 2, end)) >= 0:
        end = blank
    return begin, end


def _best_start(hits: list[tuple[int, int, int]]) -> int:
    """Return the begin of the first part with the largest number of different words."""
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


def _merged(marks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the marks with overlapping ones merged."""
    merged: list[Any] = []
    for begin, end in marks:
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
