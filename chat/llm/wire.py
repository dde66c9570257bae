"""Our messages and tools in the wire format of an OpenAI-compatible endpoint. The way back is `deltas`."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import msgspec

from chat.messages import Message, ToolCall, ToolSpec


def body(model: str, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> bytes:
    """The body of one request. Encoded here: the SDK would walk through all of it in Python first."""
    return msgspec.json.encode(_request(model, messages, tools))


def _request(model: str, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> dict[str, Any]:
    """One streamed chat completion."""
    arguments: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if tools:
        arguments["tools"] = [_tool(tool) for tool in tools]
    return arguments


def _message(message: Message) -> dict[str, Any]:
    text = _sendable(message.text)
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": text}
    if message.tool_calls:
        calls = [_tool_call(call) for call in message.tool_calls]
        return {"role": message.role, "content": text or None, "tool_calls": calls}
    return {"role": message.role, "content": text}


def _tool_call(call: ToolCall) -> dict[str, Any]:
    # A call without arguments is written as "" by some models, and that is refused by some servers.
    arguments = _sendable(call.arguments) or "{}"
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


@functools.lru_cache(maxsize=64)
def _tool(tool: ToolSpec) -> msgspec.Raw:
    """Encoded once: the tools are the same in every request, and more than half of a short one."""
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return msgspec.Raw(msgspec.json.encode({"type": "function", "function": function}))


def _sendable(text: str) -> str:
    """Half of a surrogate pair, which JSON can bring in, has no UTF-8: it goes out as a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
