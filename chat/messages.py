"""The values that pass between rooms: what is said, what a model streams, what a tool finds.

Pure data, no behaviour beyond construction. Nothing here knows a database, a request or a wire format.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to call a tool. `arguments` is JSON text exactly as the model wrote it, perhaps invalid.

    `extra` and `message_extra` are JSON objects as text, or "": what else the endpoint sent with this call, and
    with the message that has it and the calls after it (as `content`: what stood before its text). They go back to
    the same model as they came.
    """

    id: str
    name: str
    arguments: str
    extra: str = ""
    message_extra: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a model's context.

    An assistant's message may carry tool calls; each is answered by a message of role `tool`
    whose `tool_call_id` names the call. `model` wrote a message with tool calls.
    """

    role: Role
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer, as it arrives."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the model's reasoning, where it gives it."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens counted by the model: of one call, or summed over a turn."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )


# The model could look nothing up; older messages did not fit into what it takes.
WITHOUT_TOOLS = "without_tools"
OLDER_LEFT_OUT = "older_left_out"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user is to know about how the question was put: WITHOUT_TOOLS or OLDER_LEFT_OUT."""

    code: str


# What `llm` yields while a model answers: text and reasoning as they come, each tool call once and
# complete (after the text), the usage at most once, notices before everything else.
Delta = TextDelta | ReasoningDelta | ToolCall | Usage | Notice


@dataclass(frozen=True, slots=True, eq=False)
class ToolSpec:
    """A tool as a model is told of it: `parameters` is a JSON schema of type `object`. Equal only to itself."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool found.

    `content` is what the model reads (JSON text or plain sentences, a few kilobytes at most),
    `summary` one line for a person, `data` what the page draws (JSON-able, see docs/tools.md) or None.
    """

    content: str
    summary: str
    data: dict[str, Any] | None = None
    ok: bool = True


@dataclass(frozen=True, slots=True)
class ToolCallRecord:
    """One tool call of an answer and what came of it. `result` is None while it runs, or when it never ended.

    `step` is which call of the model asked for it, from 0; `text_offset` where in the answer's text it
    stands, in characters.
    """

    call: ToolCall
    label: str
    step: int
    text_offset: int
    result: ToolResult | None = None
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An assistant's answer as far as it has come."""

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCallRecord, ...] = ()
    usage: Usage = Usage()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call.

    Its name, docstring and signature become the `ToolSpec`. `label` is the progress line a person sees,
    a format string over the call's arguments: "Looking up {country} at the World Bank".
    """

    function: Callable[..., ToolResult]
    label: str
