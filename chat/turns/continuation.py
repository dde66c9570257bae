"""Continuation of an answer: its text and tool calls so far become the first events of the new turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chat.agent.context import answer_messages
from chat.agent.loop import AgentEvent, ToolCallEnded, ToolCallStarted
from chat.llm.contract import GO_ON
from chat.messages import Answer, Message, ReasoningDelta, TextDelta


def messages(answer: Answer, model: str) -> list[Message]:
    """Return the messages after the question that make `model` continue `answer`."""
    return [*answer_messages(answer, model), Message("user", GO_ON)]


def past_events(answer: Answer) -> Iterator[AgentEvent]:
    """Yield the events of an answer so far, in reading order."""
    if answer.reasoning:
        yield ReasoningDelta(answer.reasoning)
    sent = 0
    for position, record in enumerate(answer.tool_calls):
        if record.text_offset > sent:
            yield TextDelta(answer.text[sent : record.text_offset])
            sent = record.text_offset
        yield ToolCallStarted(position, replace(record, result=None, duration_ms=0))
        if record.result is not None:
            yield ToolCallEnded(position, record)
    if sent < len(answer.text):
        yield TextDelta(answer.text[sent:])
