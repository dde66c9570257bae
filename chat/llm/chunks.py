"""One event of a streamed chat completion, decoded: strictly as a rule, loosely where that fails.

Endpoints differ more than the documentation admits. The strict decoder takes what nearly all send, at a few
microseconds a token. What it refuses is read once more with Python's own decoder, and brought into the same shape:
what fits is kept, what does not is dropped, and only what carries the answer counts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from chat.llm.surrogates import whole_characters

_DEEPEST_TEXT = 8
# As the code of an event without choices: it is none of an error.
_SUCCESS = (None, 0, "0", 200, "200", "success", "Success", "OK", "ok")


class Delta(msgspec.Struct, gc=False):
    """What an event adds, or a whole message. The fields of type Any are read where they are used."""

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


# Fields that belong to the reasoning of a message and must come back with its tool calls, beside plain text.
EXTRA_FIELDS = ("reasoning_details", "thinking_blocks", "extra_content", "thought_signature", "reasoning_opaque")


class Choice(msgspec.Struct, gc=False):
    delta: Delta | None = None
    finish_reason: str | None = None
    index: int | None = None
    message: Any = None
    text: Any = None
    error: Any = None


class Chunk(msgspec.Struct, gc=False):
    """One event. `error` is set where the event is an error; `choices` are all, whatever their index."""

    choices: list[Choice] | None = None
    usage: Any = None
    error: Any = None


decode = msgspec.json.Decoder(Chunk).decode


def decode_loosely(data: bytes) -> Chunk:
    """Decode an event that the strict decoder refused. Raises ValueError for what is not a JSON object."""
    value = document(data)
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        raise ValueError("not an object")
    choices = [choice for each in _listed(_choices(value)) if (choice := _choice(each)) is not None]
    return Chunk(choices, value.get("usage"), value.get("error") or (None if choices else _as_error(value)))


def document(data: bytes) -> Any:
    """Decode any JSON, also with NaN, control characters and bytes that are not UTF-8. Raises ValueError."""
    try:
        return json.loads(data.decode("utf-8", "replace"), strict=False, parse_int=_integer)
    except RecursionError:
        raise ValueError("too deep") from None


def delta_of(value: Any) -> Delta | None:
    """A delta or a message out of JSON."""
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
    """The text in a value that should be one: a list of parts, an object with a text, a number."""
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
            if found := text_of(value.get(name), depth + 1):
                return found
    return ""


def count_of(value: Any) -> int | None:
    """A count of tokens that came as a number, a text or a list of one; None where it is none."""
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
    """An event's choices; some endpoints send a message without a choice around it."""
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
    """A choice's index; the first where it has none."""
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
    """The text and the reasoning of a message's content, which may be a list of typed parts."""
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
    """A list's items; an object in its place is the only item, or holds them by number."""
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
    """The event itself, where it is an error in a form without an `error` object."""
    if "error" in (value.get("object"), value.get("type")) or value.get("detail") or value.get("errors"):
        return value
    code = value.get("code", value.get("status"))
    return value if isinstance(value.get("message"), str) and code not in _SUCCESS else None


_integer: Callable[[str], int | float] = lambda digits: int(digits) if len(digits) < 300 else math.inf  # noqa: E731
