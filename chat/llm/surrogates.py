"""Characters that come in halves: one of a surrogate pair in this event, the other in the next."""

from __future__ import annotations

_HIGH = ("\ud800", "\udbff")


def whole_characters(text: str) -> str:
    """Join halves of surrogate pairs that stand side by side; one that stands alone becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def without_half(text: str) -> tuple[str, str]:
    """Split a text into what is whole and the half of a character at its end, or ""."""
    if text and _HIGH[0] <= text[-1] <= _HIGH[1]:
        return text[:-1], text[-1]
    return text, ""


def cleaned(value: object) -> object:
    """A JSON value with only whole characters in it."""
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, list):
        return [cleaned(each) for each in value]
    if isinstance(value, dict):
        return {whole_characters(str(name)): cleaned(each) for name, each in value.items()}
    return value
