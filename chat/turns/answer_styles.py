"""Wishes for another answer, a fixed set, as instructions to the model."""

from __future__ import annotations

STYLES = ("shorter", "more_detailed")


def instruction(wish: str, before: str) -> str:
    """Return the instruction for a wish, or "" for none; `before` is the text of the present answer."""
    words = max(1, len(before.split()))
    match wish:
        case "shorter":
            most = max(30, words // 2)
            return f"Answer the last question briefly this time: the essentials only, in at most {most} words."
        case "more_detailed":
            return (
                "Answer the last question in more detail this time: explain, give reasons and examples, and go well "
                f"beyond {words} words."
            )
    return ""
