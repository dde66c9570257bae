"""Values that pass between packages: messages, the deltas a model streams, the results of tools.

Pure data without behaviour. Nothing here depends on a database, a request or a wire format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's request to call a tool.

    `arguments` is JSON text exactly as the model wrote it; it may be invalid.
    `extra` is a JSON object as text, or "": the unknown fields that the endpoint sent with this call.
    `message_extra` is the same for the message that contains this call and the calls after it; its `content` is
    text that precedes the message's text. Both are sent back unchanged to the same model.
    """

    id: str
    name: str
    arguments: str
    extra: str = ""
    message_extra: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a model's context.

    An assistant's message may contain tool calls. Each is answered by a message of role `tool`
    whose `tool_call_id` names the call. `model` is the author of a message with tool calls.
    """

    role: Role
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Part of the answer's text, as it arrives."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """Part of the model's reasoning, as it arrives."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Numbers of tokens, counted by the model for one call, or summed over a turn."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )


# The model has no tools; older messages were left out, because they did not fit into its context.
WITHOUT_TOOLS = "without_tools"
OLDER_LEFT_OUT = "older_left_out"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice for the user about how the model was asked: WITHOUT_TOOLS or OLDER_LEFT_OUT."""

    code: str


# `llm` yields these while a model answers: first the notices; text and reasoning as they arrive; after the text each
# tool call, once and complete; the usage of each request.
Delta = TextDelta | ReasoningDelta | ToolCall | Usage | Notice


@dataclass(frozen=True, slots=True, eq=False)
class ToolSpec:
    """Description of a tool for a model. `parameters` is a JSON schema of type `object`. Equal only to itself.

    `label` is for the user: the line shown while a call runs, a format string over its arguments, such as "Looking up
    {country} at the World Bank". "" stands for a line with the tool's name.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    label: str = ""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """Result of a tool call.

    `content` is for the model: JSON text or plain sentences, a few kilobytes at most. `summary` is one line for the
    user. `data` is drawn by the page: JSON values (see docs/tools.md), or None.
    """

    content: str
    summary: str
    data: dict[str, Any] | None = None
    ok: bool = True


@dataclass(frozen=True, slots=True)
class ToolCallRecord:
    """One tool call of an answer, with its result. `result` is None while the tool runs, or if it never ended.

    `step` is the number of the model's call that requested it, from 0. `text_offset` is its position in the answer's
    text, in characters.
    """

    call: ToolCall
    label: str
    step: int
    text_offset: int
    result: ToolResult | None = None
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An assistant's answer, complete or partial."""

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCallRecord, ...] = ()
    usage: Usage = Usage()
    notices: tuple[str, ...] = ()
