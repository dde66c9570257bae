"""Split texts and search queries into the words of the full-text index (see `search.py`).

The index splits words at blanks and punctuation. In scripts written without blanks, each character is indexed as a word
of its own, and a search word becomes a phrase of characters; it is found at any position and in any length. A
dictionary or an index of trigrams cannot do that: the usual Chinese word has two characters.
"""

from __future__ import annotations

import re
import unicodedata

# Thai, Lao, Myanmar, Khmer; Hangul jamo; kana, bopomofo, Han with its extensions; Hangul; compatibility forms.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3005-\u3007\u3040-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U00020000-\U000323af"
)
_UNSPACED = re.compile(f"[{UNSPACED}]")
_ACCENTS = re.compile("[\u0300-\u036f]+")

# Maximum of words in a query; more would not change the result noticeably.
_MAX_WORDS = 24
_SEPARATORS = re.compile(r'["\x00\s]+')


def indexable(text: str) -> str:
    """Return a text as it is indexed. The index itself folds case and accents of Latin letters only."""
    return text if text.isascii() else _UNSPACED.sub(r" \g<0> ", fold_text(text))


def fold_text(text: str) -> str:
    """Return a text without accents, case and width differences."""
    stripped = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFKC", stripped).casefold()


def query_words(query: str) -> list[str]:
    """Return the words of a query that have a letter or a digit, each once, the last one last."""
    words = [word for word in _SEPARATORS.sub(" ", query).split(" ") if any(each.isalnum() for each in word)]
    return list(dict.fromkeys(reversed(words[:_MAX_WORDS])))[::-1]


def is_prefix(word: str) -> bool:
    """Return whether a last word matches as a prefix. A single letter does not: it would match too many words."""
    return len(word) > 1 and word[-1].isalnum() and _UNSPACED.match(word[-1]) is None
