"""Our messages and tools in the wire format of an OpenAI-compatible endpoint. `deltas` is the opposite direction."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chat.llm.openai.request import history
from chat.messages import Message, ToolCall, ToolSpec

# Endpoints that require a reasoning take a blank, but not all of them an empty one.
_NO_REASONING = " "


@dataclass(frozen=True, slots=True)
class RequestForm:
    """The form of one request.

    Without `may_call`, the model is told not to call tools. The calls of the request's model itself stay unchanged, and
    those of other models are rewritten to a form that every endpoint accepts; without `keep_own_calls`, all are
    rewritten. `usage` requests the token counts. `reasoning` and `result_names` add fields that some endpoints require
    of messages with calls and of results.
    """

    may_call: bool = True
    keep_own_calls: bool = True
    usage: bool = True
    reasoning: bool = False
    result_names: bool = False


_USUAL = RequestForm()


def encode_request(
    model: str, messages: Sequence[Message], tools: Sequence[ToolSpec], form: RequestForm = _USUAL
) -> bytes:
    """Return the body of one request. Encoded here, because the SDK would first walk through all of it in Python."""
    messages = history.prepared(messages, model if form.keep_own_calls else None)
    arguments: dict[str, Any] = {"model": model, "messages": _messages(messages, form), "stream": True}
    # Some endpoints refuse a history with calls if no tools are offered.
    offered = [_tool(tool) for tool in tools] or history.stand_ins(messages)
    if offered:
        arguments["tools"] = offered
        if not tools or not form.may_call:
            arguments["tool_choice"] = "none"
    if form.usage:
        arguments["stream_options"] = {"include_usage": True}
    return msgspec.json.encode(arguments)


def _messages(messages: Sequence[Message], form: RequestForm) -> list[dict[str, Any]]:
    encoded = [_message(message) for message in messages]
    if form.reasoning:
        for each in encoded:
            if "tool_calls" in each and not each.get("reasoning_content"):
                each["reasoning_content"] = _NO_REASONING
    if form.result_names:
        names = {call.id: call.name for message in messages for call in message.tool_calls}
        for each in encoded:
            if each["role"] == "tool":
                each["name"] = _sendable(names.get(each["tool_call_id"], ""))
    return encoded


def _message(message: Message) -> dict[str, Any]:
    text = _sendable(message.text)
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": text}
    if not message.tool_calls:
        return {"role": message.role, "content": text}
    extra = message.tool_calls[0].message_extra
    calls = [_tool_call(call) for call in message.tool_calls]
    extra_fields = msgspec.json.decode(extra) if extra else {}
    # The stored part of the content preceded the text. Some endpoints refuse blanks alone.
    content = extra_fields.pop("content", "") + text
    return {**extra_fields, "role": message.role, "content": content if content.strip() else "", "tool_calls": calls}


def _tool_call(call: ToolCall) -> dict[str, Any]:
    # Some models write "" for a call without arguments, and some servers refuse that.
    function = {"name": _sendable(call.name), "arguments": _sendable(call.arguments) or "{}"}
    extra_fields = msgspec.json.decode(call.extra) if call.extra else {}
    function_extra = extra_fields.pop("function", {})
    function = {**function_extra, **function}
    return {"type": "function", **extra_fields, "id": _sendable(call.id), "function": function}


@functools.lru_cache(maxsize=64)
def _tool(tool: ToolSpec) -> msgspec.Raw:
    """Return the encoded tool; cached, since tools are the same in every request, and more than half of a short one."""
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return msgspec.Raw(msgspec.json.encode({"type": "function", "function": function}))


def _sendable(text: str) -> str:
    """Return `text` with a question mark for half of a surrogate pair, which JSON can hold but UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
