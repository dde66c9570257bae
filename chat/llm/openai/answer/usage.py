"""Token counts of an answer, in the types and under the names that endpoints use."""

from __future__ import annotations

import math
from typing import Any

import msgspec

_PROMPT = ("prompt_tokens", "input_tokens", "promptTokens", "inputTokens")
_COMPLETION = ("completion_tokens", "output_tokens", "completionTokens", "outputTokens")


def counts_in(usage: Any) -> tuple[int | None, int | None]:
    """Return the tokens of the prompt and of the completion; None for a count that is missing or unreadable."""
    if isinstance(usage, str):
        try:
            usage = msgspec.json.decode(usage)
        except (ValueError, RecursionError):
            return None, None
    if isinstance(usage, list):
        usage = usage[0] if usage else None
    if not isinstance(usage, dict):
        return None, None
    return _first(usage, _PROMPT), _first(usage, _COMPLETION)


def _first(usage: dict[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        if (count := _count_of(usage.get(name))) is not None:
            return count
    return None


def _count_of(value: Any) -> int | None:
    """Return a count of tokens given as a number, a text or a list of one; None for anything else."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        try:
            value = float(value.replace(",", ""))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return min(max(int(value), 0), 2**53)
