"""Surrogate pairs that are split between two events."""

from __future__ import annotations

_HIGH = ("\ud800", "\udbff")


def whole_characters(text: str) -> str:
    """Join adjacent halves of surrogate pairs; replace a half that stands alone by U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def without_half(text: str) -> tuple[str, str]:
    """Split a text into its whole characters and a first half at its end, or ""."""
    if text and _HIGH[0] <= text[-1] <= _HIGH[1]:
        return text[:-1], text[-1]
    return text, ""


def cleaned(value: object) -> object:
    """Return a JSON value with whole characters only."""
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, list):
        return [cleaned(each) for each in value]
    if isinstance(value, dict):
        return {whole_characters(str(name)): cleaned(each) for name, each in value.items()}
    return value
