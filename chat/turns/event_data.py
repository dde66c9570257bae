"""The `data` of a turn's events, both for a running turn and for one read from the database."""

from __future__ import annotations

from typing import Any

from chat.messages import ToolCallRecord, Usage
from chat.store.records import Turn, TurnError


def turn_data(turn: Turn) -> dict[str, Any]:
    """Return the data of a `turn` event."""
    return {
        "turn_id": turn.id,
        "conversation_id": turn.conversation_id,
        "user_message_id": turn.user_message_id,
        "message_id": turn.message_id,
        "mode": turn.mode,
        "worker": turn.worker,
        "model": turn.model,
    }


def tool_call_data(record: ToolCallRecord) -> dict[str, Any]:
    """Return the data of a `tool_call` event."""
    call = record.call
    return {"id": call.id, "name": call.name, "arguments": call.arguments, "label": record.label}


def tool_result_data(record: ToolCallRecord) -> dict[str, Any]:
    """Return the data of a `tool_result` event. The record must have its result."""
    result = record.result
    assert result is not None  # noqa: S101 - a precondition, for the type checker
    data = {"id": record.call.id, "name": record.call.name, "ok": result.ok, "summary": result.summary}
    result_data = {} if result.data is None else {"data": result.data}
    return data | result_data | {"duration_ms": record.duration_ms}


def error_data(error: TurnError) -> dict[str, Any]:
    """Return the data of an `error` event.

    `reason` is the message of the model's endpoint, `retry_after` the seconds until a retry makes sense.
    """
    reason = {"reason": error.reason} if error.reason else {}
    retry_after = {} if error.retry_after_s is None else {"retry_after": error.retry_after_s}
    return {"code": error.code, "message": error.message, "retryable": error.retryable} | reason | retry_after


def done_data(turn: Turn) -> dict[str, Any]:
    """Return the data of a `done` event."""
    done = {"status": turn.status, "usage": usage_data(turn.usage), "duration_ms": turn.duration_ms}
    return done | notices_data(turn)


def notices_data(turn: Turn) -> dict[str, Any]:
    """Return the codes of the notices on this answer for the user; empty if there are none."""
    return {"notices": list(turn.notices)} if turn.notices else {}


def usage_data(usage: Usage) -> dict[str, int]:
    """Return the token counts of a turn."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
