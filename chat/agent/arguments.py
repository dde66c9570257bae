"""Decoding of a model's arguments: an object, perhaps encoded twice or in a code block."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from chat.errors import ToolFailure
from chat.messages import ToolCall

_ARGUMENTS_BYTES = 20_000
_MOST_ENCODINGS = 3
_FENCE = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.DOTALL)


def decoded(call: ToolCall) -> dict[str, Any]:
    """Return the arguments of a call. Raises ToolFailure with a message that the model can act on."""
    if len(call.arguments) > _ARGUMENTS_BYTES:
        raise ToolFailure(f"The arguments of {call.name} are too long.")
    try:
        value = _decoded(call.arguments)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise ToolFailure(f"The arguments of {call.name} are not right: {error}.") from None
    if not isinstance(value, dict):
        raise ToolFailure(f"The arguments of {call.name} are not right: Expected `object`.")
    return value


def _decoded(text: str) -> Any:
    """Decode JSON, which may be JSON within JSON. Raises ValueError, msgspec.DecodeError or RecursionError."""
    value: Any = text.strip() or "{}"
    for _ in range(_MOST_ENCODINGS):
        value = _decoded_once(value)
        if not isinstance(value, str):
            break
        value = value.strip() or "{}"
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return {} if value is None else value


def _decoded_once(text: str) -> Any:
    fenced = _FENCE.match(text)
    text = fenced[1] if fenced else text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        # Some endpoints send an empty object before the arguments.
        if not text.startswith("{}"):
            raise
        return msgspec.json.decode(text[2:])
