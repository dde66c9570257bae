"""What a model passes to a tool is checked here: it may be of any type, any size, or missing.

Each check returns the value in the type that was meant, or raises a ToolFailure that tells the model what the
argument takes.
"""

from __future__ import annotations

import re

from chat.errors import ToolFailure
from chat.tools.names import LONGEST


def text(value: object, argument: str) -> str:
    """A short, non-empty text."""
    if not isinstance(value, str):
        raise ToolFailure(f"`{argument}` takes a text, such as a name or a code.")
    stripped = value.strip()
    if not stripped:
        raise ToolFailure(f"`{argument}` is empty.")
    if len(stripped) > LONGEST:
        raise ToolFailure(f"`{argument}` is longer than {LONGEST} characters; pass one name or code.")
    return stripped


def texts(value: object, argument: str, at_most: int) -> list[str]:
    """A list of one to `at_most` short texts."""
    if not isinstance(value, list | tuple):
        raise ToolFailure(f'`{argument}` takes a list of texts, such as ["China", "India"].')
    if not 1 <= len(value) <= at_most:
        raise ToolFailure(f"`{argument}` takes one to {at_most} entries, not {len(value)}.")
    return [text(entry, argument) for entry in value]


def whole_number(value: object, argument: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`; a number beyond them is taken as the nearer of the two."""
    number = value
    if isinstance(number, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", number):
        number = int(number)
    if isinstance(number, float) and number == number // 1 and abs(number) < 1e12:
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool):
        raise ToolFailure(f"`{argument}` takes a whole number from {low} to {high}.")
    return min(max(number, low), high)


def quoted(value: str) -> str:
    """A model's text, safe to put into a sentence: short and on one line."""
    line = " ".join(value.split())
    shown = line if len(line) <= 40 else line[:39] + "…"
    return f"“{shown}”" if shown.isprintable() else "that"
