"""Decoding of one event of a streamed chat completion: strict first, lenient if that fails.

Endpoints differ more than their documentation says. The strict decoder accepts the events of nearly all endpoints, at a
few microseconds a token. An event that it refuses is decoded with Python's own decoder and converted to the same
structure: valid fields are kept, others dropped.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from chat.llm.openai.answer.surrogates import whole_characters

_DEEPEST_TEXT = 8
# Values of `code` in an event without choices that do not mean an error.
_SUCCESS = (None, 0, "0", 200, "200", "success", "Success", "OK", "ok")


class Delta(msgspec.Struct, gc=False):
    """The delta of an event, or a whole message. Fields of type Any are interpreted by their users."""

    content: str | list[Any] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: Any = None
    function_call: Any = None
    reasoning_details: Any = None
    thinking_blocks: Any = None
    extra_content: Any = None
    thought_signature: Any = None
    reasoning_opaque: Any = None


# Fields of a message's reasoning that must be sent back with its tool calls, beside plain text.
EXTRA_FIELDS = ("reasoning_details", "thinking_blocks", "extra_content", "thought_signature", "reasoning_opaque")


class Choice(msgspec.Struct, gc=False):
    delta: Delta | None = None
    finish_reason: str | None = None
    index: int | None = None
    message: Any = None
    text: Any = None
    error: Any = None


class Chunk(msgspec.Struct, gc=False):
    """One event. `error` is set if the event is an error; `choices` are all of them, whatever their index."""

    choices: list[Choice] | None = None
    usage: Any = None
    error: Any = None


decode = msgspec.json.Decoder(Chunk).decode


def decode_loosely(data: bytes) -> Chunk:
    """Decode an event that the strict decoder refused. Raises ValueError for anything but a JSON object."""
    value = document(data)
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        raise ValueError("not an object")
    choices = [choice for each in _listed(_choices(value)) if (choice := _choice(each)) is not None]
    return Chunk(choices, value.get("usage"), value.get("error") or (None if choices else _as_error(value)))


def document(data: bytes) -> Any:
    """Decode any JSON, also with NaN, control characters and invalid UTF-8. Raises ValueError."""
    try:
        return json.loads(data.decode("utf-8", "replace"), strict=False, parse_int=_integer)
    except RecursionError:
        raise ValueError("too deep") from None


def delta_of(value: Any) -> Delta | None:
    """Return the delta or the message in a JSON value, if there is one."""
    if isinstance(value, list):
        value = next((each for each in value if isinstance(each, dict)), None)
    if isinstance(value, str):
        return Delta(content=value)
    if not isinstance(value, dict):
        return None
    content, thinking = content_of(value.get("content"))
    return Delta(
        content=content,
        reasoning_content=text_of(value.get("reasoning_content")) or thinking or None,
        reasoning=text_of(value.get("reasoning")) or None,
        refusal=text_of(value.get("refusal")) or None,
        tool_calls=value.get("tool_calls"),
        function_call=value.get("function_call"),
        **{name: value.get(name) for name in EXTRA_FIELDS},
    )


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
        for name in ("text", "content", "thinking", "summary", "value"):
            if text := text_of(value.get(name), depth + 1):
                return text
    return ""


def count_of(value: Any) -> int | None:
    """Return a count of tokens given as a number, a text or a list of one; None for anything else."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return min(max(int(value), 0), 2**53)


def _choices(value: dict[str, Any]) -> Any:
    """Return an event's choices; some endpoints send a message without a choice around it."""
    if value.get("choices") or not isinstance(value.get("message"), dict):
        return value.get("choices")
    return {"message": value["message"], "finish_reason": value.get("finish_reason") or value.get("done_reason")}


def _choice(value: Any) -> Choice | None:
    if not isinstance(value, dict):
        return None
    return Choice(
        delta_of(value.get("delta")),
        _reason(value.get("finish_reason")),
        _number(value.get("index")),
        value.get("message"),
        value.get("text"),
        value.get("error"),
    )


def _number(value: Any) -> int:
    """Return a choice's index, by default 0."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def _reason(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("type") or value.get("reason")
    if value is None or value is False:
        return None
    return whole_characters(value) if isinstance(value, str) else str(value)


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


def _is_thinking(part: Any) -> bool:
    kind = part.get("type") if isinstance(part, dict) else None
    return isinstance(kind, str) and ("think" in kind or "reason" in kind)


def _listed(value: Any) -> Iterator[Any]:
    """Yield a list's items. An object in its place is the only item, or holds the items by number."""
    if isinstance(value, list):
        yield from value
    elif isinstance(value, dict):
        if "delta" in value or "message" in value or "finish_reason" in value or "text" in value:
            yield value
        else:
            yield from value.values()
    elif value is not None:
        raise ValueError("no list")


def _as_error(value: dict[str, Any]) -> Any:
    """Return the event itself if it is an error without an `error` object."""
    if "error" in (value.get("object"), value.get("type")) or value.get("detail") or value.get("errors"):
        return value
    code = value.get("code", value.get("status"))
    return value if isinstance(value.get("message"), str) and code not in _SUCCESS else None


_integer: Callable[[str], int | float] = lambda digits: int(digits) if len(digits) < 300 else math.inf  # noqa: E731
