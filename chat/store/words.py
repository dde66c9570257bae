"""The words of a text and of a search, as the index of `search.py` takes them apart.

The index knows a word by the blanks and signs around it. Scripts that are written without blanks are given
some, so that each of their characters is a word of its own, and a word of theirs is a phrase of characters:
it is found wherever it stands, whatever its length. Neither a table of words nor an index of character
triples does that: the usual word of Chinese has two characters.
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

# More than these add nothing that a person would notice.
_WORDS = 24
_NO_WORD = re.compile(r'["\x00\s]+')


def indexable(text: str) -> str:
    """A text as it goes into the index: without accents and case, of which the index itself knows the Latin ones."""
    return text if text.isascii() else _UNSPACED.sub(r" \g<0> ", fold_text(text))


def fold_text(text: str) -> str:
    """Letters without accents, case and width."""
    stripped = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFKC", stripped).casefold()


def query_words(asked: str) -> list[str]:
    """The words of a search, each once, the last one last: what stands between blanks and has a letter or a digit."""
    found = [word for word in _NO_WORD.sub(" ", asked).split(" ") if any(each.isalnum() for each in word)]
    return list(dict.fromkeys(reversed(found[:_WORDS])))[::-1]


def match_expression(owner: int, words: list[str]) -> str:
    """What the index is asked: texts of this owner that have all the words, the last one perhaps unfinished.

    Each word is quoted, and holds no quote: nothing in it is syntax.
    """
    quoted = [f'"{indexable(word)}"' for word in words]
    if is_prefix(words[-1]):
        quoted[-1] += " *"
    return f'owner : "u{owner}" AND text : ({" AND ".join(quoted)})'


def is_prefix(word: str) -> bool:
    """Whether more may follow. A single letter begins so much of everything that it stands for itself."""
    return len(word) > 1 and word[-1].isalnum() and _UNSPACED.match(word[-1]) is None
