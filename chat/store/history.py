"""Messages of a conversation with their tool calls and turns, and paths through its branches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from chat.messages import ToolCall, ToolCallRecord, ToolResult, Usage
from chat.store import details
from chat.store.engines.contract import Engine
from chat.store.records import RUNNING, Message, Turn, TurnError
from chat.store.rows import named
from chat.store.transactions import reads_snapshot
from chat.store.turn_progress import DELTAS, PartialAnswer, assemble

MESSAGE_COLUMNS = "id, conversation_id, parent_id, role, text, reasoning, created_at"
MESSAGE = f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE id = ?"  # noqa: S608 - our own columns
_OF_CONVERSATION = f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE conversation_id = ? ORDER BY id"  # noqa: S608

# From a leaf upwards, with one lookup by primary key per message.
PATH = """
    WITH RECURSIVE path (id, parent_id, conversation_id, role, text, reasoning, created_at, depth) AS (
        SELECT id, parent_id, conversation_id, role, text, reasoning, created_at, 1 FROM messages WHERE id = ?
        UNION ALL
        SELECT messages.id, messages.parent_id, messages.conversation_id, messages.role, messages.text,
               messages.reasoning, messages.created_at, path.depth + 1
        FROM path JOIN messages ON messages.id = path.parent_id
        WHERE path.depth < ?
    )
    SELECT id, parent_id, conversation_id, role, text, reasoning, created_at FROM path
"""

# Tool calls and turns of answers: one statement for any number of answers.
TOOL_CALLS = """
    SELECT message_id, step, text_offset, call_id, name, arguments, label, ok, summary, content, data, duration_ms,
           extra, message_extra
    FROM tool_calls WHERE message_id = ANY(?) ORDER BY message_id, position
"""
TURN_COLUMNS = (
    "id, conversation_id, user_message_id, message_id, status, model, mode, worker, marks, error_code, "
    "error_message, error_retryable, details, prompt_tokens, completion_tokens, started_at, ended_at"
)
TURN = f"SELECT {TURN_COLUMNS} FROM turns WHERE id = ?"  # noqa: S608
TURNS = f"SELECT {TURN_COLUMNS} FROM turns WHERE message_id = ANY(?)"  # noqa: S608


class History:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @reads_snapshot
    def of_conversation(self, conversation_id: int) -> list[Message]:
        """Return every message of a conversation, in all branches, in order of creation."""
        return messages_from_rows(self.engine, named(self.engine.execute(_OF_CONVERSATION, (conversation_id,))))

    @reads_snapshot
    def path_to(self, message_id: int, limit: int) -> list[Message]:
        """Return the last `limit` messages of the branch that ends at a message, oldest first."""
        return messages_from_rows(self.engine, path_to(self.engine, message_id, limit))


def path_to(engine: Engine, message_id: int, limit: int) -> list[dict[str, Any]]:
    """Return the rows of the branch that ends at a message, oldest first. Call it in a database thread."""
    return named(engine.execute(PATH, (message_id, limit)))[::-1]


def messages_from_rows(engine: Engine, message_rows: list[dict[str, Any]]) -> list[Message]:
    """Return messages with their tool calls and turns, from rows of `messages`. Call it in a database thread."""
    answers = engine.array(row["id"] for row in message_rows if row["role"] == "assistant")
    calls = _tool_calls(engine, answers)
    turns = {row["message_id"]: turn_from_row(row) for row in named(engine.execute(TURNS, (answers,)))}
    partial = _partial_answers(engine, turns.values())
    return [
        Message(
            **row | {"tool_calls": calls.get(row["id"], ()), "turn": turns.get(row["id"])} | partial.get(row["id"], {})
        )
        for row in message_rows
    ]


def _partial_answers(engine: Engine, turns: Iterable[Turn]) -> dict[int, dict[str, Any]]:
    """Return text, reasoning and turn of answers that are still being written, by message id."""
    running = {turn.id: turn for turn in turns if turn.status == RUNNING}
    partial = assemble(named(engine.execute(DELTAS, (engine.array(running),)))) if running else {}
    return {running[turn_id].message_id: _as_checkpointed(running[turn_id], each) for turn_id, each in partial.items()}


def _as_checkpointed(turn: Turn, answer: PartialAnswer) -> dict[str, Any]:
    event_offsets = msgspec.json.encode(answer.event_offsets).decode()
    return {"text": answer.text, "reasoning": answer.reasoning, "turn": replace(turn, event_offsets=event_offsets)}


def turn_from_row(row: dict[str, Any]) -> Turn:
    error, more = None, details.decode(row["details"])
    if row["error_code"] is not None:
        columns = (row["error_code"], row["error_message"], bool(row["error_retryable"]))
        error = TurnError(*columns, more.reason, more.retry_after_s)
    return Turn(
        error=error,
        notices=more.notices,
        timings=more.timings,
        event_offsets=row["marks"],
        usage=Usage(row["prompt_tokens"], row["completion_tokens"]),
        **{name: row[name] for name in _SAME_COLUMNS},
    )


_SAME_COLUMNS = (
    "id", "conversation_id", "user_message_id", "message_id", "status", "model", "mode", "worker",
    "started_at", "ended_at",
)  # fmt: skip


def _tool_calls(engine: Engine, answers: object) -> dict[int, tuple[ToolCallRecord, ...]]:
    calls: dict[int, list[ToolCallRecord]] = defaultdict(list)
    for row in named(engine.execute(TOOL_CALLS, (answers,))):
        calls[row["message_id"]].append(_tool_call(row))
    return {message_id: tuple(records) for message_id, records in calls.items()}


def _tool_call(row: dict[str, Any]) -> ToolCallRecord:
    result = None
    if row["ok"] is not None:
        data = None if row["data"] is None else msgspec.json.decode(row["data"])
        result = ToolResult(row["content"], row["summary"], data, bool(row["ok"]))
    extras = row["extra"] or "", row["message_extra"] or ""
    call = ToolCall(row["call_id"], row["name"], row["arguments"], *extras)
    return ToolCallRecord(call, row["label"], row["step"], row["text_offset"], result, row["duration_ms"])
