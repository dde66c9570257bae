"""Validation of tool arguments. A model may pass any type, any size, or nothing.

Each function returns the value converted to the declared type, or raises a ToolFailure that tells the model which
values the argument takes.
"""

from __future__ import annotations

import re

from chat.errors import ToolFailure
from chat.tools.names import MAX_NAME_CHARS


def text(value: object, argument: str) -> str:
    """Return a short, non-empty text, stripped. Raises ToolFailure."""
    if not isinstance(value, str):
        raise ToolFailure(f"`{argument}` takes a text, such as a name or a code.")
    stripped = value.strip()
    if not stripped:
        raise ToolFailure(f"`{argument}` is empty.")
    if len(stripped) > MAX_NAME_CHARS:
        raise ToolFailure(f"`{argument}` is longer than {MAX_NAME_CHARS} characters; pass one name or code.")
    return stripped


def texts(value: object, argument: str, limit: int) -> list[str]:
    """Return a list of one to `limit` short texts. Raises ToolFailure."""
    if not isinstance(value, list | tuple):
        raise ToolFailure(f'`{argument}` takes a list of texts, such as ["China", "India"].')
    if not 1 <= len(value) <= limit:
        raise ToolFailure(f"`{argument}` takes one to {limit} entries, not {len(value)}.")
    return [text(entry, argument) for entry in value]


def whole_number(value: object, argument: str, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`; clamp a number outside that range. Raises ToolFailure."""
    number = value
    if isinstance(number, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", number):
        number = int(number)
    if isinstance(number, float) and number == number // 1 and abs(number) < 1e12:
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool):
        raise ToolFailure(f"`{argument}` takes a whole number from {low} to {high}.")
    return min(max(number, low), high)


def quoted(value: str) -> str:
    """Return a model's text in quotation marks, shortened to one line, safe to put into a sentence."""
    line = " ".join(value.split())
    excerpt = line if len(line) <= 40 else line[:39] + "…"
    return f"“{excerpt}”" if excerpt.isprintable() else "that"
