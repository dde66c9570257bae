"""The statements of a turn's life, as text: they run for every turn, and take less time than building them would.

What they mean together, and who may do what: `turns.py`. Call these inside a write; `run` is the database's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from sqlite3 import Cursor

import msgspec

from chat.errors import Conflict
from chat.messages import Answer, ToolCallRecord, Usage
from chat.store import history
from chat.store.models import named
from chat.store.records import RUNNING, Progress, Run, Turn, TurnError

RunStatement = Callable[[str, Sequence[object]], Cursor]

LEASE_MS = 8_000

_PLACE = "SELECT id, title, head_id FROM conversations WHERE id = ?"

IS_ANSWER = "SELECT 1 FROM messages WHERE id = ? AND conversation_id = ? AND role = 'assistant'"

_EARLIER = f"SELECT {history.TURN_COLUMNS} FROM turns WHERE conversation_id = ? AND client_id = ?"  # noqa: S608

_INSERT_MESSAGE = """
    INSERT INTO messages (conversation_id, parent_id, role, text, reasoning, created_at) VALUES (?, ?, ?, ?, '', ?)
"""

_INSERT_TURN = """
    INSERT INTO turns (conversation_id, user_message_id, message_id, client_id, status, model, mode, worker, marks,
                       prompt_tokens, completion_tokens, started_at, lease_until)
    VALUES (?, ?, ?, ?, 'running', ?, ?, ?, '[]', 0, 0, ?, ?)
"""

_CLAIM = """
    UPDATE conversations
    SET active_turn_id = ?, head_id = ?, updated_at = ?, title = CASE ? WHEN '' THEN title ELSE ? END
    WHERE id = ? AND active_turn_id IS NULL
"""

KEEP_MARKS = "UPDATE turns SET marks = ? WHERE id = ? AND status = 'running'"

RENEW = """
    UPDATE turns SET lease_until = ? WHERE id IN (SELECT value FROM json_each(?)) AND status = 'running'
"""

_WRITE_ANSWER = "UPDATE messages SET text = ?, reasoning = ? WHERE id = ?"

_WRITE_TOOL_CALL = """
    REPLACE INTO tool_calls (message_id, position, step, text_offset, call_id, name, arguments, label, ok, summary,
                             content, data, duration_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

FINISH = f"""
    UPDATE turns
    SET status = ?, ended_at = ?, error_code = ?, error_message = ?, error_retryable = ?, marks = ?,
        prompt_tokens = ?, completion_tokens = ?
    WHERE id = ? AND status IN ('running', 'interrupted')
    RETURNING {history.TURN_COLUMNS}
"""  # noqa: S608 - our own columns

FREE = "UPDATE conversations SET active_turn_id = NULL, updated_at = ? WHERE id = ? AND active_turn_id = ?"

_INTERRUPT = """
    UPDATE turns SET status = 'interrupted', ended_at = ?, error_code = ?, error_message = ?, error_retryable = ?
    WHERE id = ? AND status = 'running'
    RETURNING conversation_id
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation as a turn finds it."""

    id: int
    title: str
    head_id: int | None


def place(run: RunStatement, conversation_id: int) -> Place | None:
    found = run(_PLACE, (conversation_id,)).fetchone()
    return None if found is None else Place(*found)


def earlier(run: RunStatement, conversation_id: int, client_id: str) -> Turn | None:
    return _turn(run(_EARLIER, (conversation_id, client_id)))


def insert_message(
    run: RunStatement, conversation_id: int, parent_id: int | None, role: str, text: str, now: int
) -> int:
    made = run(_INSERT_MESSAGE, (conversation_id, parent_id, role, text, now)).lastrowid
    assert made is not None  # noqa: S101 - an INSERT's, for the type checker
    return made


def begin(
    run: RunStatement, conversation_id: int, question_id: int, where: Run, client_id: str | None, title: str, now: int
) -> Turn:
    """An empty answer and its turn, and the claim on the conversation. Raises Conflict when another turn has it."""
    answer = insert_message(run, conversation_id, question_id, "assistant", "", now)
    inserted = run(
        _INSERT_TURN,
        (conversation_id, question_id, answer, client_id, where.model, where.mode, where.worker, now, now + LEASE_MS),
    )
    turn_id = inserted.lastrowid
    assert turn_id is not None  # noqa: S101 - as above
    if not run(_CLAIM, (turn_id, answer, now, title, title, conversation_id)).rowcount:
        raise Conflict("turn_running", "An answer is still being written in this conversation.")
    return Turn(
        id=turn_id,
        conversation_id=conversation_id,
        user_message_id=question_id,
        message_id=answer,
        status=RUNNING,
        model=where.model,
        mode=where.mode,
        worker=where.worker,
        marks="[]",
        error=None,
        usage=Usage(),
        started_at=now,
        ended_at=None,
    )


def finish(run: RunStatement, progress: Progress, status: str, error: TurnError | None, now: int) -> Turn | None:
    """End a turn that runs or was interrupted, and free its conversation. None: it is neither."""
    turn, usage = progress.turn, progress.answer.usage
    values = (status, now, *_told(error), progress.marks, usage.prompt_tokens, usage.completion_tokens, turn.id)
    ended = _turn(run(FINISH, values))
    if ended is not None:
        run(FREE, (now, ended.conversation_id, turn.id))
    return ended


def interrupt(run: RunStatement, turn_ids: Sequence[int], error: TurnError, now: int) -> None:
    for turn_id in turn_ids:
        for (conversation_id,) in run(_INTERRUPT, (now, *_told(error), turn_id)).fetchall():
            run(FREE, (now, conversation_id, turn_id))


def write_answer(run: RunStatement, message_id: int, answer: Answer) -> None:
    run(_WRITE_ANSWER, (answer.text, answer.reasoning, message_id))
    for position, call in enumerate(answer.tool_calls):
        run(_WRITE_TOOL_CALL, _tool_call(message_id, position, call))


def ids(numbers: Sequence[int]) -> str:
    """As `json_each` takes them."""
    return msgspec.json.encode(list(numbers)).decode()


def _turn(found: Cursor) -> Turn | None:
    turns = named(found)
    return history.turn_of(turns[0]) if turns else None


def _told(error: TurnError | None) -> tuple[str | None, str | None, bool | None]:
    return (None, None, None) if error is None else (error.code, error.message, error.retryable)


def _tool_call(message_id: int, position: int, record: ToolCallRecord) -> tuple[object, ...]:
    result, call = record.result, record.call
    place = (message_id, position, record.step, record.text_offset, call.id, call.name, call.arguments, record.label)
    if result is None:
        return (*place, None, "", "", None, record.duration_ms)
    data = None if result.data is None else msgspec.json.encode(result.data).decode()
    return (*place, result.ok, result.summary, result.content, data, record.duration_ms)
