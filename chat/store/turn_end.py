"""Checkpoint, finish and interrupt turns in batches. Call these functions inside a write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from chat.messages import ToolCallRecord
from chat.store import details, turn_progress
from chat.store.engines.contract import Engine
from chat.store.indexing import note_messages
from chat.store.records import CheckpointDelta, Progress, Turn, TurnError
from chat.store.rows import named
from chat.store.turn_begin import LEASE_MS

_TURNS = "FROM turns WHERE id = ANY(?)"
_CONVERSATIONS = "FROM conversations WHERE id = ANY(?)"
_CONVERSATIONS_OF = "FROM conversations WHERE id IN (SELECT conversation_id FROM turns WHERE id = ANY(?))"
STILL_RUNNING = "FROM turns WHERE id = ANY(?) AND status = 'running'"
RENEW = "UPDATE turns SET lease_until = ? WHERE id = ANY(?) AND status = 'running'"

WRITE_ANSWERS = """
    UPDATE messages SET text = new.column2, reasoning = new.column3
    FROM (VALUES {rows}) AS new WHERE id = new.column1
"""

_WRITE_TOOL_CALLS = """
    INSERT INTO tool_calls (message_id, position, step, text_offset, call_id, name, arguments, label, ok, summary,
                            content, data, duration_ms, extra, message_extra)
    VALUES {rows}
    ON CONFLICT (message_id, position)
    DO UPDATE SET step = excluded.step, text_offset = excluded.text_offset, call_id = excluded.call_id,
        name = excluded.name, arguments = excluded.arguments, label = excluded.label, ok = excluded.ok,
        summary = excluded.summary, content = excluded.content, data = excluded.data,
        duration_ms = excluded.duration_ms, extra = excluded.extra, message_extra = excluded.message_extra
"""

FINISH = """
    UPDATE turns
    SET status = new.column2, ended_at = new.column3, error_code = new.column4, error_message = new.column5,
        error_retryable = CAST(new.column6 AS INTEGER), marks = new.column7, prompt_tokens = new.column8,
        completion_tokens = new.column9, details = new.column10
    FROM (VALUES {rows}) AS new WHERE id = new.column1
"""

RELEASE = """
    UPDATE conversations SET active_turn_id = NULL, updated_at = new.column3
    FROM (VALUES {rows}) AS new WHERE id = new.column1 AND active_turn_id = new.column2
"""

_WRITE_PARTIAL_ANSWER = """
    UPDATE messages SET text = ?, reasoning = ? WHERE id = (SELECT message_id FROM turns WHERE id = ?)
"""

_WRITE_MARKS = "UPDATE turns SET marks = ? WHERE id = ?"

_INTERRUPT = """
    UPDATE turns
    SET status = 'interrupted', ended_at = CASE WHEN started_at > ? THEN started_at ELSE ? END,
        error_code = ?, error_message = ?, error_retryable = ?
    WHERE id = ? AND status = 'running'
    RETURNING conversation_id, message_id
"""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a turn: its whole answer, final status and error."""

    progress: Progress
    status: str
    error: TurnError | None


def checkpoint(engine: Engine, deltas: Sequence[CheckpointDelta], alive: Sequence[int], now: int) -> list[int]:
    """Save checkpoint deltas and renew the leases of the turns in `alive`.

    Deltas of turns that have ended or were deleted are ignored. Return those of `alive` that have ended or were
    deleted.
    """
    engine.lock(_TURNS, (engine.array({*alive, *(delta.turn.id for delta in deltas)}),))
    if deltas:
        running = _still_running(engine, (delta.turn.id for delta in deltas))
        current = [delta for delta in deltas if delta.turn.id in running]
        turn_progress.save(engine, current)
        _write_tool_calls(engine, [(delta.turn.message_id, delta.tool_calls) for delta in current])
    if not alive or engine.execute(RENEW, (now + LEASE_MS, engine.array(alive))).rowcount == len(alive):
        return []
    running = _still_running(engine, alive)
    return [turn_id for turn_id in alive if turn_id not in running]


def finish(engine: Engine, endings: Sequence[Ending], now: int) -> list[Turn | None]:
    """End running turns and release their conversations. Return None for each turn that is not running."""
    engine.lock(_CONVERSATIONS, (engine.array({ending.progress.turn.conversation_id for ending in endings}),))
    engine.lock(_TURNS, (engine.array({ending.progress.turn.id for ending in endings}),))
    not_ended = _still_running(engine, (ending.progress.turn.id for ending in endings))
    outcomes = [_ended_turn(ending, not_ended) for ending in endings]
    turns = [turn for turn in outcomes if turn is not None]
    progress = [ending.progress for ending, turn in zip(endings, outcomes, strict=True) if turn is not None]
    engine.defer_rows(FINISH, [_finish_row(turn) for turn in turns])
    _write_answers(engine, progress)
    if long := [each.turn.id for each in progress if each.elapsed_ms >= turn_progress.LONG_TURN_MS]:
        turn_progress.delete(engine, long)
    _release(engine, [(turn.conversation_id, turn.id) for turn in turns], now)
    note_messages(engine, [(turn.message_id, turn.conversation_id) for turn in turns])
    return outcomes


def interrupt(engine: Engine, turn_ids: Sequence[int], error: TurnError, now: int) -> list[int]:
    """Interrupt turns that no worker runs any more and release their conversations.

    Return the ids of those that nobody else has ended meanwhile.
    """
    ids = engine.array(turn_ids)
    engine.lock(_CONVERSATIONS_OF, (ids,))
    engine.lock(_TURNS, (ids,))
    interrupted: list[int] = []
    for turn_id in turn_ids:
        rows = engine.execute(_INTERRUPT, (now, now, *_error_columns(error), turn_id))
        for conversation_id, message_id in rows.fetchall():
            _write_partial_answer(engine, turn_id)
            _release(engine, [(conversation_id, turn_id)], now)
            note_messages(engine, [(message_id, conversation_id)])
            interrupted.append(turn_id)
    return interrupted


def _write_partial_answer(engine: Engine, turn_id: int) -> None:
    """Assemble the saved deltas of a turn and write them as its answer."""
    saved = turn_progress.assemble(named(engine.execute(turn_progress.DELTAS, (engine.array([turn_id]),)))).get(turn_id)
    if saved is not None:
        engine.execute(_WRITE_PARTIAL_ANSWER, (saved.text, saved.reasoning, turn_id))
        engine.execute(_WRITE_MARKS, (msgspec.json.encode(saved.event_offsets).decode(), turn_id))
        turn_progress.delete(engine, [turn_id])


def _still_running(engine: Engine, turn_ids: Iterable[int]) -> set[int]:
    return {row[0] for row in engine.select("id", STILL_RUNNING, (engine.array(turn_ids),))}


def _ended_turn(ending: Ending, not_ended: set[int]) -> Turn | None:
    """Return the ended turn and remove it from `not_ended`; return None if it is not there."""
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
        timings=progress.timings,
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


def _release(engine: Engine, claims: Sequence[tuple[int, int]], now: int) -> None:
    """Release claims, given as (conversation id, turn id)."""
    engine.defer_rows(RELEASE, [(conversation_id, turn_id, now) for conversation_id, turn_id in claims])


def _write_answers(engine: Engine, progress: Sequence[Progress]) -> None:
    answers = [(each.turn.message_id, each.answer) for each in progress]
    engine.defer_rows(WRITE_ANSWERS, [(message_id, answer.text, answer.reasoning) for message_id, answer in answers])
    _write_tool_calls(engine, [(message_id, dict(enumerate(answer.tool_calls))) for message_id, answer in answers])


def _write_tool_calls(engine: Engine, answers: Iterable[tuple[int, Mapping[int, ToolCallRecord]]]) -> None:
    """Write tool calls, given as (answer id, tool calls by position)."""
    rows = [_tool_call(message_id, *call) for message_id, calls in answers for call in calls.items()]
    engine.defer_rows(_WRITE_TOOL_CALLS, rows)


def _tool_call(message_id: int, position: int, record: ToolCallRecord) -> tuple[object, ...]:
    result, call = record.result, record.call
    columns = (message_id, position, record.step, record.text_offset, call.id, call.name, call.arguments, record.label)
    extras = (call.extra or None, call.message_extra or None)
    if result is None:
        return (*columns, None, "", "", None, record.duration_ms, *extras)
    data = None if result.data is None else msgspec.json.encode(result.data).decode()
    return (*columns, result.ok, result.summary, result.content, data, record.duration_ms, *extras)


def _error_columns(error: TurnError | None) -> tuple[str | None, str | None, bool | None]:
    return (None, None, None) if error is None else (error.code, error.message, error.retryable)
