"""What a turn's events say. The same functions serve a running turn and one read back from the database."""

from __future__ import annotations

from typing import Any

from chat.messages import ToolCallRecord, Usage
from chat.store.records import Turn, TurnError


def turn_data(turn: Turn) -> dict[str, Any]:
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
    call = record.call
    return {"id": call.id, "name": call.name, "arguments": call.arguments, "label": record.label}


def tool_result_data(record: ToolCallRecord) -> dict[str, Any]:
    """For a record that has its result."""
    result = record.result
    assert result is not None  # noqa: S101 - the caller's part, for the type checker
    data = {"id": record.call.id, "name": record.call.name, "ok": result.ok, "summary": result.summary}
    shown = {} if result.data is None else {"data": result.data}
    return data | shown | {"duration_ms": record.duration_ms}


def error_data(error: TurnError) -> dict[str, Any]:
    """`reason` is what the model's endpoint itself said, `retry_after` in how many seconds it may be asked again."""
    said = {"reason": error.reason} if error.reason else {}
    wait = {} if error.retry_after_s is None else {"retry_after": error.retry_after_s}
    return {"code": error.code, "message": error.message, "retryable": error.retryable} | said | wait


def done_data(turn: Turn) -> dict[str, Any]:
    done = {"status": turn.status, "usage": usage_data(turn.usage), "duration_ms": turn.duration_ms}
    return done | notices_data(turn)


def notices_data(turn: Turn) -> dict[str, Any]:
    """What the user is to know about how the question was put, by code; absent for nothing."""
    return {"notices": list(turn.notices)} if turn.notices else {}


def usage_data(usage: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
