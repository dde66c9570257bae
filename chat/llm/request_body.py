"""Our messages and tools in the wire format of an OpenAI-compatible endpoint. The way back is `deltas`."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import msgspec

from chat.llm import history
from chat.messages import Message, ToolCall, ToolSpec


def encode_request(
    model: str,
    messages: Sequence[Message],
    tools: Sequence[ToolSpec],
    may_call: bool = True,
    keep_own_calls: bool = True,
    usage: bool = True,
) -> bytes:
    """The body of one request. Encoded here: the SDK would walk through all of it in Python first.

    The calls of `model` itself go back as they came, those of other models in a form that every endpoint takes; unless
    `keep_own_calls`, all of them do. `usage` asks for the count of tokens.
    """
    arguments = _request(model, history.prepared(messages, model if keep_own_calls else None), tools, may_call)
    if usage:
        arguments["stream_options"] = {"include_usage": True}
    return msgspec.json.encode(arguments)


def _request(model: str, messages: Sequence[Message], tools: Sequence[ToolSpec], may_call: bool) -> dict[str, Any]:
    """One streamed chat completion."""
    arguments: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in messages],
        "stream": True,
    }
    # Some endpoints refuse a history with calls where no tools are offered.
    offered = [_tool(tool) for tool in tools] or history.stand_ins(messages)
    if offered:
        arguments["tools"] = offered
        if not tools or not may_call:
            arguments["tool_choice"] = "none"
    return arguments


def _message(message: Message) -> dict[str, Any]:
    text = _sendable(message.text)
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": text}
    if not message.tool_calls:
        return {"role": message.role, "content": text}
    extra = message.tool_calls[0].message_extra
    calls = [_tool_call(call) for call in message.tool_calls]
    kept = msgspec.json.decode(extra) if extra else {}
    # Kept of the content is what stood before the text. Blanks alone are refused by some endpoints.
    content = kept.pop("content", "") + text
    return {**kept, "role": message.role, "content": content if content.strip() else "", "tool_calls": calls}


def _tool_call(call: ToolCall) -> dict[str, Any]:
    # A call without arguments is written as "" by some models, and that is refused by some servers.
    function = {"name": _sendable(call.name), "arguments": _sendable(call.arguments) or "{}"}
    kept = msgspec.json.decode(call.extra) if call.extra else {}
    within = kept.pop("function", {})
    return {**kept, "id": _sendable(call.id), "type": "function", "function": {**within, **function}}


@functools.lru_cache(maxsize=64)
def _tool(tool: ToolSpec) -> msgspec.Raw:
    """Encoded once: the tools are the same in every request, and more than half of a short one."""
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return msgspec.Raw(msgspec.json.encode({"type": "function", "function": function}))


def _sendable(text: str) -> str:
    """Half of a surrogate pair, which JSON can bring in, has no UTF-8: it goes out as a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
