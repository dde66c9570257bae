"""The model's context: answers as messages, and the part of a conversation that fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from chat.llm.contract import INTERRUPTED
from chat.messages import Answer, Message, ToolCall, ToolCallRecord


def step_messages(text: str, records: Sequence[ToolCallRecord], model: str) -> list[Message]:
    """Return one step of the agent as messages: the model's text with its calls, and one message for each result."""
    call_message = Message("assistant", text, tuple(record.call for record in records), model=model)
    results = [
        Message("tool", INTERRUPTED if record.result is None else record.result.content, tool_call_id=record.call.id)
        for record in records
    ]
    return [call_message, *results]


def answer_messages(answer: Answer, model: str) -> list[Message]:
    """Return an answer of `model` as the messages of its steps, the same now and when read from the database."""
    messages: list[Message] = []
    position = 0
    for _, group in groupby(answer.tool_calls, key=lambda record: record.step):
        records = list(group)
        offset = records[0].text_offset
        messages += step_messages(answer.text[position:offset], records, model)
        position = offset
    if position < len(answer.text):
        messages.append(Message("assistant", answer.text[position:]))
    return messages


def fit(messages: Sequence[Message], limit_chars: int) -> list[Message]:
    """Return the newest messages that fit into `limit_chars`, beginning with a user's, so that no step is cut.

    The last question is always included, whatever its length.
    """
    starts = [index for index, message in enumerate(messages) if message.role == "user"]
    if not starts:
        return list(messages)
    begin = starts[-1]
    room = limit_chars - _chars(messages[begin:])
    for start in reversed(starts[:-1]):
        room -= _chars(messages[start:begin])
        if room < 0:
            break
        begin = start
    return list(messages[begin:])


def _chars(messages: Iterable[Message]) -> int:
    return sum(len(message.text) + sum(_call_chars(call) for call in message.tool_calls) for message in messages)


def _call_chars(call: ToolCall) -> int:
    return len(call.arguments) + len(call.extra) + len(call.message_extra)
