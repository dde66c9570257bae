"""How turns go on and end: what checkpoints keep of them, how they finish, how the lost are given up. Several at once.

Call these inside a write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from chat.messages import ToolCallRecord
from chat.store import details, turn_progress
from chat.store.bulk import RunStatement, execute_values, ids
from chat.store.indexing import note_messages
from chat.store.models import named
from chat.store.records import CheckpointDelta, Progress, Turn, TurnError
from chat.store.turn_begin import LEASE_MS

# One row, however many turns: fetching each would hand the interpreter's lock over twice.
RUNNING = """
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

_WRITE_OUT = """
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


def checkpoint(run: RunStatement, due: Sequence[CheckpointDelta], alive: Sequence[int], now: int) -> list[int]:
    """Keep what has come of the `due` turns, and renew the lease of all the turns in `alive`.

    What has ended since `due` was gathered, or was deleted, stays as it is. Returns those of `alive` that have ended
    or were deleted.
    """
    if due:
        running = _those(run, RUNNING, (piece.turn.id for piece in due))
        kept = [piece for piece in due if piece.turn.id in running]
        turn_progress.keep(run, kept)
        _write_tool_calls(run, [(piece.turn.message_id, piece.tool_calls) for piece in kept])
    if not alive or run(RENEW, (now + LEASE_MS, ids(alive))).rowcount == len(alive):
        return []
    running = _those(run, RUNNING, alive)
    return [turn_id for turn_id in alive if turn_id not in running]


def finish(run: RunStatement, endings: Sequence[Ending], now: int) -> list[Turn | None]:
    """End running turns, and free their conversations. None for each that does not run."""
    not_ended = _those(run, RUNNING, (ending.progress.turn.id for ending in endings))
    outcomes = [_ended(ending, not_ended) for ending in endings]
    turns = [turn for turn in outcomes if turn is not None]
    progress = [ending.progress for ending, turn in zip(endings, outcomes, strict=True) if turn is not None]
    execute_values(run, FINISH, [_row_of_end(turn) for turn in turns])
    _write_answers(run, progress)
    turn_progress.forget(run, [turn.id for turn in turns])
    _free(run, [(turn.conversation_id, turn.id) for turn in turns], now)
    note_messages(run, [(turn.message_id, turn.conversation_id) for turn in turns])
    return outcomes


def interrupt(run: RunStatement, turn_ids: Iterable[int], error: TurnError, now: int) -> list[tuple[int, int]]:
    """Give up turns that nobody runs any more, and free their conversations.

    Returns the conversation and the answer of each that was still running.
    """
    lost: list[tuple[int, int]] = []
    for turn_id in turn_ids:
        for conversation_id, message_id in run(_INTERRUPT, (now, *_told(error), turn_id)).fetchall():
            _write_out(run, turn_id)
            _free(run, [(conversation_id, turn_id)], now)
            lost.append((conversation_id, message_id))
    return lost


def _write_out(run: RunStatement, turn_id: int) -> None:
    """Make what was kept of a turn, piece by piece, its answer."""
    kept = turn_progress.assemble(named(run(turn_progress.PIECES, (ids([turn_id]),)))).get(turn_id)
    if kept is not None:
        run(_WRITE_OUT, (kept.text, kept.reasoning, turn_id))
        run("UPDATE turns SET marks = ? WHERE id = ?", (msgspec.json.encode(kept.event_offsets).decode(), turn_id))
        turn_progress.forget(run, [turn_id])


def _those(run: RunStatement, statement: str, turn_ids: Iterable[int]) -> set[int]:
    (found,) = run(statement, (ids(turn_ids),)).fetchone()
    return set(msgspec.json.decode(found))


def _ended(ending: Ending, not_ended: set[int]) -> Turn | None:
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


def _row_of_end(turn: Turn) -> tuple[object, ...]:
    tokens = (turn.usage.prompt_tokens, turn.usage.completion_tokens)
    return (turn.id, turn.status, turn.ended_at, *_told(turn.error), turn.event_offsets, *tokens, details.encode(turn))


def _free(run: RunStatement, claims: Sequence[tuple[int, int]], now: int) -> None:
    """`claims` are conversations and the turns that had them."""
    execute_values(run, FREE, [(conversation_id, turn_id, now) for conversation_id, turn_id in claims])


def _write_answers(run: RunStatement, progress: Sequence[Progress]) -> None:
    answers = [(each.turn.message_id, each.answer) for each in progress]
    execute_values(run, WRITE_ANSWERS, [(message_id, answer.text, answer.reasoning) for message_id, answer in answers])
    _write_tool_calls(run, [(message_id, dict(enumerate(answer.tool_calls))) for message_id, answer in answers])


def _write_tool_calls(run: RunStatement, written: Iterable[tuple[int, Mapping[int, ToolCallRecord]]]) -> None:
    """`written` are answers' ids, each with tool calls by their position."""
    rows = [_tool_call(message_id, *call) for message_id, calls in written for call in calls.items()]
    execute_values(run, _WRITE_TOOL_CALLS, rows)


def _tool_call(message_id: int, position: int, record: ToolCallRecord) -> tuple[object, ...]:
    result, call = record.result, record.call
    place = (message_id, position, record.step, record.text_offset, call.id, call.name, call.arguments, record.label)
    extras = (call.extra or None, call.message_extra or None)
    if result is None:
        return (*place, None, "", "", None, record.duration_ms, *extras)
    data = None if result.data is None else msgspec.json.encode(result.data).decode()
    return (*place, result.ok, result.summary, result.content, data, record.duration_ms, *extras)


def _told(error: TurnError | None) -> tuple[str | None, str | None, bool | None]:
    return (None, None, None) if error is None else (error.code, error.message, error.retryable)
