"""A conversation in the order and the form that an endpoint takes: a few rules, each for endpoints that have it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chat.messages import Message, ToolCall

# What is left of a tool's result that has to be shortened.
_SHORTEST_RESULT = 200
_CUT = "… [shortened]"


def merged(messages: Sequence[Message]) -> list[Message]:
    """Neighbours of one role as one message, nothing empty, and a user's message first, after the instructions.

    A stop before the first word or a failure leaves a question without an answer: two questions in a row, which
    endpoints refuse that want user and assistant to alternate.
    """
    found: list[Message] = []
    asked = False
    for message in messages:
        asked = asked or message.role == "user"
        if not (asked or message.role == "system") or _says_nothing(message):
            continue
        if found and _joins(found[-1], message):
            found[-1] = replace(message, text=_joined(found[-1].text, message.text))
        else:
            found.append(message)
    return found


def without_tools(messages: Sequence[Message]) -> list[Message]:
    """The same without tool calls: what the tools found is given as words of the user, whom the calls answered."""
    names = {call.id: call for message in messages for call in message.tool_calls}
    found = []
    for message in messages:
        if message.role == "tool":
            call = names.get(message.tool_call_id)
            called = "" if call is None else f" {call.name} {call.arguments}"
            found.append(Message("user", f"[Result of the tool{called}: {message.text}]"))
        elif message.tool_calls:
            found.append(Message("assistant", message.text))
        else:
            found.append(message)
    return merged(found)


def without_system(messages: Sequence[Message]) -> list[Message]:
    """The same without the system role: the instructions stand before the first question."""
    instructions = "\n\n".join(message.text for message in messages if message.role == "system")
    others = [message for message in messages if message.role != "system"]
    return merged([Message("user", instructions), *others]) if instructions else others


def size(messages: Iterable[Message]) -> int:
    """Characters of all that is said."""
    return sum(len(message.text) + sum(_call_size(call) for call in message.tool_calls) for message in messages)


def shortened(messages: Sequence[Message], room: int) -> list[Message]:
    """As much as fits into `room` characters: without the oldest exchanges, then with shorter results of tools.

    The instructions, the last question and what the model said after it always stay, so more may be left than fits.
    """
    head = [message for message in messages if message.role == "system"]
    rest = [message for message in messages if message.role != "system"]
    starts = [index for index, message in enumerate(rest) if message.role == "user"]
    if not starts:
        return list(messages)
    room -= size(head)
    begin = next((start for start in starts if size(rest[start:]) <= room), starts[-1])
    kept = rest[begin:]
    return [*head, *(kept if size(kept) <= room else _with_shorter_results(kept, room))]


def _with_shorter_results(messages: list[Message], room: int) -> list[Message]:
    lengths = sorted(len(message.text) for message in messages if message.role == "tool")
    left = room - (size(messages) - sum(lengths))
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


def _says_nothing(message: Message) -> bool:
    return message.role in ("system", "assistant") and not message.tool_calls and not message.text.strip()


def _call_size(call: ToolCall) -> int:
    return len(call.arguments) + len(call.extra) + len(call.message_extra)


def _joins(before: Message, message: Message) -> bool:
    return before.role == message.role and message.role != "tool" and not before.tool_calls


def _joined(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text.strip())
