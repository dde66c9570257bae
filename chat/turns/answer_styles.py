"""Styles for a regenerated answer, a fixed set, as instructions to the model."""

from __future__ import annotations

STYLES = ("shorter", "more_detailed")


def instruction(style: str, previous: str) -> str:
    """Return the instruction for a style, or "" for none. `previous` is the text of the present answer."""
    words = max(1, len(previous.split()))
    match style:
        case "shorter":
            limit = max(30, words // 2)
            return f"Answer the last question briefly this time: the essentials only, in at most {limit} words."
        case "more_detailed":
            return (
                "Answer the last question in more detail this time: explain, give reasons and examples, and go well "
                f"beyond {words} words."
            )
    return ""
