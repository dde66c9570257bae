"""The text and the reasoning in a message's content, in whatever types it comes."""

from __future__ import annotations

from typing import Any

_DEEPEST_TEXT = 8


def content_of(value: Any) -> tuple[str, str]:
    """Return the text and the reasoning of a message's content, which may be a list of typed parts."""
    if not isinstance(value, list):
        return text_of(value), ""
    text: list[str] = []
    thinking: list[str] = []
    for part in value:
        if isinstance(part, (str, dict)):
            (thinking if _is_thinking(part) else text).append(text_of(part))
    return "".join(text), "".join(thinking)


def text_of(value: Any, depth: int = 0) -> str:
    """Return the text in a value that should be a text: also a list of parts, an object with a text, a number."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or depth == _DEEPEST_TEXT:
        return ""
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        return "".join(text_of(each, depth + 1) for each in value if isinstance(each, (str, dict)))
    if isinstance(value, dict):
        for name in ("text", "content", "thinking", "summary", "value", "refusal", "parts"):
            if text := text_of(value.get(name), depth + 1):
                return text
    return ""


def _is_thinking(part: Any) -> bool:
    kind = part.get("type") if isinstance(part, dict) else None
    return isinstance(kind, str) and ("think" in kind or "reason" in kind)
