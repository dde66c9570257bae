"""How another answer may differ from the one beside it: a fixed set of wishes, each as the model is told it."""

from __future__ import annotations

WISHES = ("shorter", "more_detailed")


def told(wish: str, before: str) -> str:
    """What the model is told of a wish, or "" for none; `before` is the answer that there is."""
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
