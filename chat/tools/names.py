"""Names as people write them: "the Euro-Area", "TÜRKIYE" and "turkiye" must be found, "Jpan" must be guessed at."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

LONGEST = 80  # characters of a name that are looked at; nothing in our tables comes near


def normalised(name: str) -> str:
    """Lower case without accents, signs and a leading "the": the form in which names are compared.

    >>> normalised("  The Côte d'Ivoire ")
    'cote divoire'
    """
    plain = unicodedata.normalize("NFKD", name[:LONGEST].replace("&", " and "))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    words = re.sub(r"[^a-z0-9]+", " ", re.sub(r"['’.]", "", letters)).strip()
    return words.removeprefix("the ")


def closest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The keys among `known` (normalised) that `name` may have been meant to be, best first."""
    return difflib.get_close_matches(normalised(name), known, n=count, cutoff=0.6)
