"""How turns go on and end: what checkpoints keep of them, how they finish, how the lost are given up. Several at once.

Call these inside a write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from chat.messages import ToolCallRecord
from chat.store import details, turn_progress
from chat.store.bulk import Execute, execute_values, json_ids
from chat.store.indexing import note_messages
from chat.store.models import named
from chat.store.records import CheckpointDelta, Progress, Turn, TurnError
from chat.store.turn_begin import LEASE_MS

# One row, however many turns: fetching each would hand the interpreter's lock over twice.
STILL_RUNNING = """
    SELECT json_group_array(id) FROM turns WHERE id IN (SELECT value FROM json_each(?)) AND status = 'running'
"""
RENEW = """
    UPDATE turns SET lease_until = ? WHERE id IN (SELECT value FROM json_each(?)) AND status = 'running'
"""

WRITE_ANSWERS = """
    UPDATE messages SET text = new.column2, reasoning = new.column3
    FROM (VALUES {rows}) AS new WHERE id = new.column1
"""

_WRITE_TOOL_CALLS = """
    REPLACE INTO tool_calls (message_id, position, step, text_offset, call_id, name, arguments, label, ok, summary,
                             content, data, duration_ms, extra, message_extra)
    VALUES {rows}
"""

FINISH = """
    UPDATE turns
    SET status = new.column2, ended_at = new.column3, error_code = new.column4, error_message = new.column5,
        error_retryable = new.column6, marks = new.column7, prompt_tokens = new.column8,
        completion_tokens = new.column9, details = new.column10
    FROM (VALUES {rows}) AS new WHERE id = new.column1
"""

FREE = """
    UPDATE conversations SET active_turn_id = NULL, updated_at = new.column3
    FROM (VALUES {rows}) AS new WHERE id = new.column1 AND active_turn_id = new.column2
"""

_WRITE_PARTIAL_ANSWER = """
    UPDATE messages SET text = ?, reasoning = ? WHERE id = (SELECT message_id FROM turns WHERE id = ?)
"""

_INTERRUPT = """
    UPDATE turns
    SET status = 'interrupted', ended_at = MAX(?, started_at), error_code = ?, error_message = ?, error_retryable = ?
    WHERE id = ? AND status = 'running'
    RETURNING conversation_id, message_id
"""


@dataclass(frozen=True, slots=True)
class Ending:
    """A turn's end: its whole answer, and what became of it."""

    progress: Progress
    status: str
    error: TurnError | None


def checkpoint(execute: Execute, due: Sequence[CheckpointDelta], alive: Sequence[int], now: int) -> list[int]:
    """Keep what has come of the `due` turns, and renew the lease of all the turns in `alive`.

    What has ended since `due` was gathered, or was deleted, stays as it is. Returns those of `alive` that have ended
    or were deleted.
    """
    if due:
        running = _select_ids(execute, STILL_RUNNING, (delta.turn.id for delta in due))
        saved = [delta for delta in due if delta.turn.id in running]
        turn_progress.save(execute, saved)
        _write_tool_calls(execute, [(delta.turn.message_id, delta.tool_calls) for delta in saved])
    if not alive or execute(RENEW, (now + LEASE_MS, json_ids(alive))).rowcount == len(alive):
        return []
    running = _select_ids(execute, STILL_RUNNING, alive)
    return [turn_id for turn_id in alive if turn_id not in running]


def finish(execute: Execute, endings: Sequence[Ending], now: int) -> list[Turn | None]:
    """End running turns, and free their conversations. None for each that does not run."""
    not_ended = _select_ids(execute, STILL_RUNNING, (ending.progress.turn.id for ending in endings))
    outcomes = [_ended_turn(ending, not_ended) for ending in endings]
    turns = [turn for turn in outcomes if turn is not None]
    progress = [ending.progress for ending, turn in zip(endings, outcomes, strict=True) if turn is not None]
    execute_values(execute, FINISH, [_finish_row(turn) for turn in turns])
    _write_answers(execute, progress)
    turn_progress.delete(execute, [turn.id for turn in turns])
    _free(execute, [(turn.conversation_id, turn.id) for turn in turns], now)
    note_messages(execute, [(turn.message_id, turn.conversation_id) for turn in turns])
    return outcomes


def interrupt(execute: Execute, turn_ids: Iterable[int], error: TurnError, now: int) -> list[tuple[int, int]]:
    """Give up turns that nobody runs any more, and free their conversations.

    Returns the conversation and the answer of each that was still running.
    """
    lost: list[tuple[int, int]] = []
    for turn_id in turn_ids:
        for conversation_id, message_id in execute(_INTERRUPT, (now, *_error_columns(error), turn_id)).fetchall():
            _write_partial_answer(execute, turn_id)
            _free(execute, [(conversation_id, turn_id)], now)
            lost.append((conversation_id, message_id))
    return lost


def _write_partial_answer(execute: Execute, turn_id: int) -> None:
    """Make what was saved of a turn, delta by delta, its answer."""
    saved = turn_progress.assemble(named(execute(turn_progress.DELTAS, (json_ids([turn_id]),)))).get(turn_id)
    if saved is not None:
        execute(_WRITE_PARTIAL_ANSWER, (saved.text, saved.reasoning, turn_id))
        execute("UPDATE turns SET marks = ? WHERE id = ?", (msgspec.json.encode(saved.event_offsets).decode(), turn_id))
        turn_progress.delete(execute, [turn_id])


def _select_ids(execute: Execute, statement: str, turn_ids: Iterable[int]) -> set[int]:
    (found,) = execute(statement, (json_ids(turn_ids),)).fetchone()
    return set(msgspec.json.decode(found))


def _ended_turn(ending: Ending, not_ended: set[int]) -> Turn | None:
    """The turn as it ends, taken out of `not_ended`; None when it is not there."""
    progress = ending.progress
    if progress.turn.id not in not_ended:
        return None
    not_ended.remove(progress.turn.id)
    return replace(
        progress.turn,
        status=ending.status,
        event_offsets=progress.event_offsets,
        error=ending.error,
        usage=progress.answer.usage,
        notices=progress.answer.notices,
        ended_at=progress.turn.started_at + progress.elapsed_ms,
    )


def _finish_row(turn: Turn) -> tuple[object, ...]:
    tokens = (turn.usage.prompt_tokens, turn.usage.completion_tokens)
    return (
        turn.id,
        turn.status,
        turn.ended_at,
        *_error_columns(turn.error),
        turn.event_offsets,
        *tokens,
        details.encode(turn),
    )


def _free(execute: Execute, claims: Sequence[tuple[int, int]], now: int) -> None:
    """`claims` are conversations and the turns that had them."""
    execute_values(execute, FREE, [(conversation_id, turn_id, now) for conversation_id, turn_id in claims])


def _write_answers(execute: Execute, progress: Sequence[Progress]) -> None:
    answers = [(each.turn.message_id, each.answer) for each in progress]
    execute_values(
        execute, WRITE_ANSWERS, [(message_id, answer.text, answer.reasoning) for message_id, answer in answers]
    )
    _write_tool_calls(execute, [(message_id, dict(enumerate(answer.tool_calls))) for message_id, answer in answers])


def _write_tool_calls(execute: Execute, written: Iterable[tuple[int, Mapping[int, ToolCallRecord]]]) -> None:
    """`written` are answers' ids, each with tool calls by their position."""
    rows = [_tool_call(message_id, *call) for message_id, calls in written for call in calls.items()]
    execute_values(execute, _WRITE_TOOL_CALLS, rows)


def _tool_call(message_id: int, position: int, record: ToolCallRecord) -> tuple[object, ...]:
    result, call = record.result, record.call
    place = (message_id, position, record.step, record.text_offset, call.id, call.name, call.arguments, record.label)
    extras = (call.extra or None, call.message_extra or None)
    if result is None:
        return (*place, None, "", "", None, record.duration_ms, *extras)
    data = None if result.data is None else msgspec.json.encode(result.data).decode()
    return (*place, result.ok, result.summary, result.content, data, record.duration_ms, *extras)


def _error_columns(error: TurnError | None) -> tuple[str | None, str | None, bool | None]:
    return (None, None, None) if error is None else (error.code, error.message, error.retryable)
