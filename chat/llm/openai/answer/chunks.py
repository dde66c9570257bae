"""Decoding of one event of a streamed chat completion: strict first, lenient if that fails.

Endpoints differ more than their documentation says. The strict decoder accepts the events of nearly all endpoints, at a
few microseconds a token. An event that it refuses is decoded with Python's own decoder and converted to the same
structure: valid fields are kept, others dropped.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from chat.llm.openai.answer.content import content_of, text_of
from chat.llm.openai.answer.surrogates import whole_characters

_DEEPEST = 8
_ENVELOPES = ("data", "output", "result", "response")
_MOST_DOCUMENTS = 1000
_BLANKS = re.compile(r"\s*")
_FIELD_NAMES = re.compile(r"\A(?:\s*data:)*\s*")
_ERROR_ENDINGS = ("error", "exception")
_ERROR_FIELD = re.compile("(?:error|exception)(?:_?(?:msg|message|code))?$", re.IGNORECASE)
# Values of `code` in an event without choices that do not mean an error.
_SUCCESS = (None, 0, "0", 200, "200", "success", "Success", "OK", "ok")


class _Reasons(msgspec.Struct, gc=False, kw_only=True):
    """The names of a finish reason. Endpoints put one into the choice, its delta or message, or beside the choices."""

    finish_reason: Any = None
    camel_reason: Any = msgspec.field(default=None, name="finishReason")
    stop_reason: Any = None
    finish_details: Any = None


class Delta(_Reasons, gc=False):
    """The delta of an event, or a whole message. Fields of type Any are interpreted by their users."""

    content: str | list[Any] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    thinking: str | None = None
    thought: str | None = None
    reasoning_text: str | None = None
    refusal: str | None = None
    tool_calls: Any = None
    function_call: Any = None
    reasoning_details: Any = None
    thinking_blocks: Any = None
    extra_content: Any = None
    thought_signature: Any = None
    reasoning_opaque: Any = None


# Names of the field with the reasoning's text.
REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking", "thought", "reasoning_text")
# Fields of a message's reasoning that must be sent back with its tool calls, beside plain text.
EXTRA_FIELDS = ("reasoning_details", "thinking_blocks", "extra_content", "thought_signature", "reasoning_opaque")


_INTERPRETED = {
    *("role", "content", "refusal", "tool_calls", "function_call", "name", "audio", "error", "usage"),
    *("finish_reason", "finishReason", "stop_reason", "finish_details"),
    *EXTRA_FIELDS,
}


class Choice(_Reasons, gc=False):
    delta: Delta | None = None
    index: int | None = None
    message: Any = None
    text: Any = None
    error: Any = None
    usage: Any = None


class Chunk(_Reasons, gc=False):
    """One event. `error` is set if the event is an error; `choices` are all of them, whatever their index."""

    choices: list[Choice] | None = None
    usage: Any = None
    error: Any = None
    x_groq: Any = None


class _RawChoice(msgspec.Struct):
    delta: dict[str, msgspec.Raw] | None = None


class _RawDeltas(msgspec.Struct):
    choices: list[_RawChoice]


decode = msgspec.json.Decoder(Chunk).decode
_decode_raw_deltas = msgspec.json.Decoder(_RawDeltas).decode


def decode_loosely(data: bytes) -> list[Chunk]:
    """Decode data that the strict decoder refused: one chunk or several. Raises ValueError if it has none."""
    chunks = [_chunk(value) for value in itertools.islice(_objects(_documents(data)), _MOST_DOCUMENTS)]
    if not chunks:
        raise ValueError("not an object")
    return chunks


def document(data: bytes) -> Any:
    """Decode any JSON, also with NaN, control characters and invalid UTF-8. Raises ValueError."""
    return _documents(data)[0]


def other_fields(data: bytes) -> dict[str, Any]:
    """Return those fields of an event's delta that are not interpreted, whatever their names."""
    try:
        choices = _decode_raw_deltas(data).choices
    except (ValueError, RecursionError):
        return _other_fields_loosely(data)
    fields = next((choice.delta for choice in choices if choice.delta), {})
    return {name: msgspec.json.decode(value) for name, value in fields.items() if name not in _INTERPRETED}


def _other_fields_loosely(data: bytes) -> dict[str, Any]:
    value = next(_objects(_documents(data)))
    choices = [each for each in _listed(_choices(value)) if isinstance(each, dict)]
    delta = next((each.get("delta") for each in choices), None)
    return other_fields_of(delta) if isinstance(delta, dict) else {}


def other_fields_of(message: dict[str, Any]) -> dict[str, Any]:
    """Return those fields of a message that are not interpreted."""
    return {name: value for name, value in message.items() if name not in _INTERPRETED}


def _documents(data: bytes) -> list[Any]:
    """Decode JSON values that follow one another, perhaps after a repeated field's name. Raises ValueError."""
    text = _FIELD_NAMES.sub("", data.decode("utf-8", "replace")).rstrip()
    values: list[Any] = []
    position = 0
    try:
        while position < len(text) or not values:
            value, position = _next_value(text, position)
            values.append(value)
            position = _end_of_blanks(text, position)
            if len(values) > _MOST_DOCUMENTS:
                raise ValueError("too many")
    except RecursionError:
        raise ValueError("too deep") from None
    return values


def _end_of_blanks(text: str, start: int) -> int:
    blanks = _BLANKS.match(text, start)
    return blanks.end() if blanks else start


def _objects(values: list[Any], depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the objects among `values`, in lists, and in texts that are JSON themselves."""
    for value in values:
        if isinstance(value, dict):
            yield _without_envelope(value)
        elif depth < _DEEPEST and isinstance(value, list):
            yield from _objects(value, depth + 1)
        elif depth < _DEEPEST and isinstance(value, str) and value.lstrip().startswith("{"):
            yield from _objects(_documents(value.encode("utf-8", "surrogatepass")), depth + 1)


def error_in(error: Any, event: Any) -> Any:
    """Return an event's error: the event itself if `error` is only a flag beside a message."""
    return event if error and not isinstance(error, (str, list, dict)) else error


def _without_envelope(value: dict[str, Any]) -> dict[str, Any]:
    """Return the chunk or the error that some endpoints put into another object; otherwise the object itself."""
    for name in _ENVELOPES if "choices" not in value else ():
        inside = value.get(name)
        if isinstance(inside, dict) and ("choices" in inside or "error" in inside):
            return inside
    return value


def _chunk(value: dict[str, Any]) -> Chunk:
    choices = [choice for each in _listed(_choices(value)) if (choice := _choice(each)) is not None]
    error = error_in(value.get("error"), value) or (None if choices else _as_error(value))
    return Chunk(choices, value.get("usage"), error, value.get("x_groq"), **_reasons(value))


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
        refusal=_refusal_of(value.get("refusal")) or None,
        tool_calls=value.get("tool_calls"),
        function_call=value.get("function_call"),
        **{name: value.get(name) for name in EXTRA_FIELDS},
        **{name: text_of(value.get(name)) or None for name in REASONING_FIELDS[1:]},
        reasoning_content=text_of(value.get("reasoning_content")) or thinking or None,
        **_reasons(value),
    )


def _refusal_of(value: Any) -> str:
    return "" if isinstance(value, (int, float)) else text_of(value)


def _choices(value: dict[str, Any]) -> Any:
    """Return an event's choices; some endpoints send a message, or the end, without a choice around it."""
    if value.get("choices") or not (isinstance(value.get("message"), dict) or value.get("done") is True):
        return value.get("choices")
    reason = value.get("finish_reason") or value.get("done_reason") or ("stop" if value.get("done") is True else None)
    return {"message": value.get("message"), "finish_reason": reason}


def _choice(value: Any) -> Choice | None:
    if not isinstance(value, dict):
        return None
    return Choice(
        delta_of(value.get("delta")),
        _number(value.get("index")),
        value.get("message"),
        value.get("text"),
        value.get("error"),
        value.get("usage"),
        **_reasons(value),
    )


def _reasons(value: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `_Reasons` from a JSON object."""
    return {
        "finish_reason": value.get("finish_reason"),
        "camel_reason": value.get("finishReason"),
        "stop_reason": value.get("stop_reason"),
        "finish_details": value.get("finish_details"),
    }


def reason_of(choice: Choice, chunk: Chunk) -> str | None:
    """Return a choice's finish reason, under whichever name and in whichever place."""
    message = delta_of(choice.message) if choice.message is not None else None
    places = (choice, choice.delta, message, chunk)
    return next((reason for place in places if place is not None and (reason := reason_in(place))), None)


def reason_in(place: _Reasons) -> str | None:
    """Return the finish reason in one place; `stop_reason` may also be a token's number."""
    if not has_reason(place):
        return None
    stop_reason = place.stop_reason if isinstance(place.stop_reason, str) else None
    return _reason(place.finish_reason) or _reason(place.camel_reason) or stop_reason or _reason(place.finish_details)


def has_reason(place: _Reasons) -> bool:
    """Return whether a finish reason may be in this place."""
    return bool(place.finish_reason or place.camel_reason or place.stop_reason or place.finish_details)


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
    names = {str(name).lower() for name in (value.get("object"), value.get("type"))}
    if any(name.endswith(_ERROR_ENDINGS) for name in names) or value.get("detail") or value.get("errors"):
        return value
    if value.get("success") is False or str(value.get("status")).lower() in ("error", "failed", "failure"):
        return value
    if any(_ERROR_FIELD.search(name) and each not in _SUCCESS for name, each in value.items() if each):
        return value
    status = value.get("base_resp")
    if isinstance(status, dict) and status.get("status_code") not in _SUCCESS:
        return status
    code = value.get("code", value.get("status"))
    return value if isinstance(value.get("message"), str) and code not in _SUCCESS else None


_integer: Callable[[str], int | float] = lambda digits: int(digits) if len(digits) < 300 else math.inf  # noqa: E731
_next_value = json.JSONDecoder(strict=False, parse_int=_integer).raw_decode
