"""Conversations in the order and the form that endpoints accept. Each rule is for certain endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chat.messages import Message, ToolCall

# Minimum length of a tool's result that is shortened.
_SHORTEST_RESULT = 200
_CUT = "… [shortened]"
_UNANSWERED = Message("assistant", "[The answer was interrupted.]")


def merged(messages: Sequence[Message]) -> list[Message]:
    """Merge neighbours of one role, drop empty messages, and begin with a user's message after the instructions.

    A failed or early stopped answer leaves two user messages in a row, or one after a tool's result. Endpoints that
    require alternating roles would refuse them.
    """
    merged_messages: list[Message] = []
    has_question = False
    for message in messages:
        has_question = has_question or message.role == "user"
        if not (has_question or message.role == "system") or _is_empty(message):
            continue
        if merged_messages and _joins(merged_messages[-1], message):
            merged_messages[-1] = replace(message, text=_joined(merged_messages[-1].text, message.text))
        else:
            if merged_messages and merged_messages[-1].role == "tool" and message.role == "user":
                merged_messages.append(_UNANSWERED)
            merged_messages.append(message)
    return merged_messages


def without_tools(messages: Sequence[Message]) -> list[Message]:
    """Return the messages without tool calls; the tools' results become messages of the user."""
    names = {call.id: call for message in messages for call in message.tool_calls}
    merged_messages = []
    for message in messages:
        if message.role == "tool":
            call = names.get(message.tool_call_id)
            called = "" if call is None else f" {call.name} {call.arguments}"
            merged_messages.append(Message("user", f"[Result of the tool{called}: {message.text}]"))
        elif message.tool_calls:
            merged_messages.append(Message("assistant", message.text))
        else:
            merged_messages.append(message)
    return merged(merged_messages)


def without_system(messages: Sequence[Message]) -> list[Message]:
    """Return the messages without the system role; the instructions precede the first user message."""
    instructions = "\n\n".join(message.text for message in messages if message.role == "system")
    others = [message for message in messages if message.role != "system"]
    return merged([Message("user", instructions), *others]) if instructions else others


def size(messages: Iterable[Message]) -> int:
    """Return the number of characters of all texts and calls."""
    return sum(len(message.text) + sum(_call_size(call) for call in message.tool_calls) for message in messages)


def shortened(messages: Sequence[Message], limit: int) -> list[Message]:
    """Shorten a conversation to `limit` characters: drop the oldest exchanges, then cut tools' results.

    The instructions, the last question and the model's messages after it always stay, so the result may be longer.
    """
    head = [message for message in messages if message.role == "system"]
    rest = [message for message in messages if message.role != "system"]
    starts = [index for index, message in enumerate(rest) if message.role == "user"]
    if not starts:
        return list(messages)
    limit -= size(head)
    begin = next((start for start in starts if size(rest[start:]) <= limit), starts[-1])
    remaining = rest[begin:]
    return [*head, *(remaining if size(remaining) <= limit else _with_shorter_results(remaining, limit))]


def _with_shorter_results(messages: list[Message], limit: int) -> list[Message]:
    lengths = sorted(len(message.text) for message in messages if message.role == "tool")
    left = limit - (size(messages) - sum(lengths))
    longest = _SHORTEST_RESULT
    for position, length in enumerate(lengths):
        share = left // (len(lengths) - position)
        if length > share:
            longest = max(share - len(_CUT), _SHORTEST_RESULT)
            break
        left -= length
    return [
        replace(message, text=message.text[:longest] + _CUT)
        if message.role == "tool" and len(message.text) > longest + len(_CUT)
        else message
        for message in messages
    ]


def _is_empty(message: Message) -> bool:
    return message.role in ("system", "assistant") and not message.tool_calls and not message.text.strip()


def _call_size(call: ToolCall) -> int:
    return len(call.arguments) + len(call.extra) + len(call.message_extra)


def _joins(before: Message, message: Message) -> bool:
    return before.role == message.role and message.role != "tool" and not before.tool_calls


def _joined(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text.strip())
