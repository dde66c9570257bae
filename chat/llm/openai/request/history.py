"""A conversation's tool calls, prepared for the model that will read them.

A model gets its own calls back unchanged. An endpoint may refuse those of other models because of their ids, unknown
fields, or arguments that are no JSON object. These calls are rewritten, and so are ids that occur twice in a request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from chat.call_arguments import decode_arguments
from chat.call_ids import portable_call_id
from chat.messages import Message, ToolCall


def prepared(messages: Sequence[Message], model: str | None) -> Sequence[Message]:
    """Return the messages for `model`, whose own calls stay unchanged. With None, all calls are rewritten."""
    if not any(message.tool_calls for message in messages):
        return messages
    return list(_prepared(messages, model))


def stand_ins(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return tools with the names of those called in `messages`, for a request that offers none."""
    names = dict.fromkeys(call.name for message in messages for call in message.tool_calls)
    parameters = {"type": "object", "properties": {}}
    return [{"type": "function", "function": {"name": name, "parameters": parameters}} for name in names]


def _prepared(messages: Sequence[Message], model: str | None) -> Iterator[Message]:
    used_ids = {call.id for message in messages if message.model == model for call in message.tool_calls}
    used: set[str] = set()
    renamed: dict[str, str] = {}
    for message in messages:
        if message.tool_calls:
            # A result follows its call, so an id refers to the calls before it.
            renamed = {}
            calls = []
            for call in message.tool_calls:
                ready = call if message.model == model else _plain(call)
                if message.model != model or not call.id or call.id in used:
                    ready = replace(ready, id=portable_call_id(call.id, used | used_ids))
                    renamed[call.id] = ready.id
                used.add(ready.id)
                calls.append(ready)
            yield replace(message, tool_calls=tuple(calls))
        elif message.role == "tool" and message.tool_call_id in renamed:
            yield replace(message, tool_call_id=renamed[message.tool_call_id])
        else:
            yield message


def _plain(call: ToolCall) -> ToolCall:
    """Return a call without fields that only its own endpoint understands."""
    return ToolCall(call.id, call.name, _object(call.arguments))


def is_object(arguments: str) -> bool:
    """Return whether arguments are a JSON object, or nothing at all."""
    try:
        return isinstance(msgspec.json.decode(arguments or "{}"), dict)
    except (ValueError, RecursionError):
        return False


def _object(arguments: str) -> str:
    """Return arguments as the text of a JSON object."""
    try:
        value = decode_arguments(arguments)
    except (ValueError, RecursionError):
        return "{}"
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else "{}"
