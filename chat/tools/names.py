"""Normalisation and fuzzy matching of names: "the Euro-Area" and "TÜRKIYE" match exactly, "Jpan" approximately."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

MAX_NAME_CHARS = 80  # of a name that are compared; far more than the longest name in our tables


def normalised(name: str) -> str:
    """Return a name in lower case without accents, signs and a leading "the", for comparison.

    >>> normalised("  The Côte d'Ivoire ")
    'cote divoire'
    """
    plain = unicodedata.normalize("NFKD", name[:MAX_NAME_CHARS].replace("&", " and "))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    words = re.sub(r"[^a-z0-9]+", " ", re.sub(r"['’.]", "", letters)).strip()
    return words.removeprefix("the ")


def closest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return the keys in `known` (normalised) that are most similar to `name`, best first."""
    return difflib.get_close_matches(normalised(name), known, n=count, cutoff=0.6)
