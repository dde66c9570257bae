"""Messages of a conversation with their tool calls and turns, and paths through its branches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from chat.messages import ToolCall, ToolCallRecord, ToolResult, Usage
from chat.store import details
from chat.store.bulk import json_ids
from chat.store.engines.contract import Engine
from chat.store.models import Message as MessageRow
from chat.store.models import named, rows
from chat.store.records import RUNNING, Message, Turn, TurnError
from chat.store.transactions import reads_snapshot
from chat.store.turn_progress import DELTAS, assemble

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

# Tool calls and turns of answers, whose ids are a JSON array: one statement for any number of answers. They are text
# because building peewee queries would take longer than executing them.
TOOL_CALLS = """
    SELECT message_id, step, text_offset, call_id, name, arguments, label, ok, summary, content, data, duration_ms,
           extra, message_extra
    FROM tool_calls WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY message_id, position
"""
TURN_COLUMNS = (
    "id, conversation_id, user_message_id, message_id, status, model, mode, worker, marks, error_code, "
    "error_message, error_retryable, details, prompt_tokens, completion_tokens, started_at, ended_at"
)
TURNS = f"SELECT {TURN_COLUMNS} FROM turns WHERE message_id IN (SELECT value FROM json_each(?))"  # noqa: S608


class History:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @reads_snapshot
    def of_conversation(self, conversation_id: int) -> list[Message]:
        """Return every message of a conversation, in all branches, in order of creation."""
        query = MessageRow.select().where(MessageRow.conversation_id == conversation_id).order_by(MessageRow.id)
        return messages_from_rows(rows(query))

    @reads_snapshot
    def path_to(self, message_id: int, limit: int) -> list[Message]:
        """Return the last `limit` messages of the branch that ends at a message, oldest first."""
        return messages_from_rows(path_to(self.engine, message_id, limit))


def path_to(engine: Engine, message_id: int, limit: int) -> list[dict[str, Any]]:
    """Return the rows of the branch that ends at a message, oldest first. Call it in a database thread."""
    return named(engine.execute(PATH, (message_id, limit)))[::-1]


def messages_from_rows(message_rows: list[dict[str, Any]]) -> list[Message]:
    """Return messages with their tool calls and turns, from rows of `messages`. Call it in a database thread."""
    answers = msgspec.json.encode([row["id"] for row in message_rows if row["role"] == "assistant"]).decode()
    calls = _tool_calls(answers)
    turns = {row["message_id"]: turn_from_row(row) for row in _rows(TURNS, answers)}
    partial = _partial_answers(turns.values())
    return [
        Message(**row | partial.get(row["id"], {}), tool_calls=calls.get(row["id"], ()), turn=turns.get(row["id"]))
        for row in message_rows
    ]


def _partial_answers(turns: Iterable[Turn]) -> dict[int, dict[str, str]]:
    """Return text and reasoning of answers that are still being written, by message id."""
    answers = {turn.id: turn.message_id for turn in turns if turn.status == RUNNING}
    partial = assemble(_rows(DELTAS, json_ids(answers))) if answers else {}
    return {answers[turn_id]: {"text": each.text, "reasoning": each.reasoning} for turn_id, each in partial.items()}


def turn_from_row(row: dict[str, Any]) -> Turn:
    error, more = None, details.decode(row["details"])
    if row["error_code"] is not None:
        columns = (row["error_code"], row["error_message"], bool(row["error_retryable"]))
        error = TurnError(*columns, more.reason, more.retry_after_s)
    return Turn(
        error=error,
        notices=more.notices,
        event_offsets=row["marks"],
        usage=Usage(row["prompt_tokens"], row["completion_tokens"]),
        **{name: row[name] for name in _SAME_COLUMNS},
    )


_SAME_COLUMNS = (
    "id", "conversation_id", "user_message_id", "message_id", "status", "model", "mode", "worker",
    "started_at", "ended_at",
)  # fmt: skip


def _tool_calls(answers: str) -> dict[int, tuple[ToolCallRecord, ...]]:
    calls: dict[int, list[ToolCallRecord]] = defaultdict(list)
    for row in _rows(TOOL_CALLS, answers):
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


def _rows(statement: str, ids: str) -> list[dict[str, Any]]:
    return named(MessageRow._meta.database.execute_sql(statement, (ids,)))
