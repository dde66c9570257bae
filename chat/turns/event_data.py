"""The `data` of a turn's events, both for a running turn and for one read from the database.

The API describes the events by these types. A field that is UNSET is absent from the JSON.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from chat.messages import ToolCallRecord, Usage
from chat.store.records import COMPLETED, FAILED, INTERRUPTED, STOPPED, Turn, TurnError

_ENDS = {"enum": [COMPLETED, STOPPED, FAILED, INTERRUPTED]}


class TurnData(Struct, frozen=True, kw_only=True):
    """Data of the `turn` event: the first one, sent after the question is committed."""

    turn_id: int
    conversation_id: int
    user_message_id: int
    message_id: int
    mode: str
    worker: str
    model: str


class TextData(Struct, frozen=True):
    """Data of a `delta` event, a part of the answer, and of a `reasoning` event."""

    text: str


class TitleData(Struct, frozen=True):
    """Data of the `title` event: the conversation's new title."""

    title: str


class ToolCallData(Struct, frozen=True, kw_only=True):
    """Data of a `tool_call` event. `arguments` is JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str
    label: str


class ToolProgressData(Struct, frozen=True, kw_only=True):
    """Data of a `tool_progress` event: a line about a running call."""

    id: str
    text: str


class ToolResultData(Struct, frozen=True, kw_only=True):
    """Data of a `tool_result` event. `data` has tables, charts and sources to show."""

    id: str
    name: str
    ok: bool
    summary: str
    data: dict[str, Any] | UnsetType = UNSET
    duration_ms: int


class ErrorData(Struct, frozen=True, kw_only=True):
    """Data of an `error` event.

    `reason` is the message of the model's endpoint, `retry_after` the seconds until a retry makes sense.
    """

    code: str
    message: str
    retryable: bool
    reason: str | UnsetType = UNSET
    retry_after: int | UnsetType = UNSET


class UsageData(Struct, frozen=True, kw_only=True):
    """Numbers of tokens of a turn."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class TimingsData(Struct, frozen=True, kw_only=True):
    """The phases of a turn, in ms.

    `queued`: until the agent began. `model_first`: from then until the model's first piece; null if it sent nothing.
    `tools`: in tools.
    """

    queued: int
    model_first: int | None
    tools: int


class DoneData(Struct, frozen=True, kw_only=True):
    """Data of the `done` event, the last one. `notices` are codes about how the model was asked.

    `timings` is absent if the agent did not begin, or its worker died.
    """

    status: Annotated[str, Meta(extra_json_schema=_ENDS)]
    usage: UsageData
    duration_ms: int | None
    notices: list[str] | UnsetType = UNSET
    timings: TimingsData | UnsetType = UNSET


def turn_data(turn: Turn) -> TurnData:
    """Return the data of a `turn` event."""
    return TurnData(
        turn_id=turn.id,
        conversation_id=turn.conversation_id,
        user_message_id=turn.user_message_id,
        message_id=turn.message_id,
        mode=turn.mode,
        worker=turn.worker,
        model=turn.model,
    )


def tool_call_data(record: ToolCallRecord) -> ToolCallData:
    """Return the data of a `tool_call` event."""
    call = record.call
    return ToolCallData(id=call.id, name=call.name, arguments=call.arguments, label=record.label)


def tool_result_data(record: ToolCallRecord) -> ToolResultData:
    """Return the data of a `tool_result` event. The record must have its result."""
    result = record.result
    assert result is not None  # noqa: S101 - a precondition, for the type checker
    return ToolResultData(
        id=record.call.id,
        name=record.call.name,
        ok=result.ok,
        summary=result.summary,
        data=UNSET if result.data is None else result.data,
        duration_ms=record.duration_ms,
    )


def error_data(error: TurnError) -> ErrorData:
    """Return the data of an `error` event."""
    return ErrorData(
        code=error.code,
        message=error.message,
        retryable=error.retryable,
        reason=error.reason or UNSET,
        retry_after=UNSET if error.retry_after_s is None else error.retry_after_s,
    )


def done_data(turn: Turn) -> DoneData:
    """Return the data of a `done` event."""
    return DoneData(
        status=turn.status,
        usage=usage_data(turn.usage),
        duration_ms=turn.duration_ms,
        notices=notices(turn),
        timings=timings(turn),
    )


def timings(turn: Turn) -> TimingsData | UnsetType:
    """Return the phases of a turn; UNSET if they are not known."""
    phases = turn.timings
    if phases is None:
        return UNSET
    return TimingsData(queued=phases.queued, model_first=phases.model_first, tools=phases.tools)


def notices(turn: Turn) -> list[str] | UnsetType:
    """Return the codes of the notices on this answer for the user; UNSET if there are none."""
    return list(turn.notices) if turn.notices else UNSET


def usage_data(usage: Usage) -> UsageData:
    """Return the token counts of a turn."""
    return UsageData(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
    )
