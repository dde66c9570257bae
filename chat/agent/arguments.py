"""The arguments of a tool call, checked."""

from __future__ import annotations

from typing import Any

from chat.call_arguments import decode_arguments
from chat.errors import ToolFailure
from chat.messages import ToolCall

_ARGUMENTS_BYTES = 20_000


def decoded(call: ToolCall) -> dict[str, Any]:
    """Return the arguments of a call. Raises ToolFailure with a message that the model can act on."""
    if len(call.arguments) > _ARGUMENTS_BYTES:
        raise ToolFailure(f"The arguments of {call.name} are too long.")
    try:
        value = decode_arguments(call.arguments)
    except (RecursionError, ValueError) as error:
        raise ToolFailure(f"The arguments of {call.name} are invalid: {error}.") from None
    if not isinstance(value, dict):
        raise ToolFailure(f"The arguments of {call.name} are invalid: Expected `object`.")
    return value
