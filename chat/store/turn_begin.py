"""Begin turns in batches: write the question, the empty answer and the turn, and claim the conversation.

Every check runs before anything is written, so a refused request leaves no trace in the shared transaction.
Call these functions inside a write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chat.errors import Conflict, InvalidRequest, LimitReached, NotFound, ParleyError
from chat.messages import Usage
from chat.store.begin_requests import BeginRequest, HeadOfConversation, Question, StartedTurn
from chat.store.engines.contract import Engine
from chat.store.indexing import note_messages, note_titles
from chat.store.records import RUNNING, Message, Run, Turn
from chat.store.removal import DELETED_OWNER
from chat.store.turn_targets import Target, lock_target, lock_targets, owned_target, turns_sent_before

LEASE_MS = 8_000
RUNNING_TURNS_OF_USER = 32

# SQLite's largest integer; a larger number cannot be bound to a statement.
_LARGEST_ID = 2**63 - 1

_IS_ANSWER = "SELECT 1 FROM messages WHERE id = ? AND conversation_id = ? AND role = 'assistant'"

_INSERT_MESSAGES = """
    INSERT INTO messages (id, conversation_id, parent_id, role, text, reasoning, created_at) VALUES {rows}
"""

_INSERT_TURNS = """
    INSERT INTO turns (id, conversation_id, user_message_id, message_id, client_id, status, model, mode, worker, marks,
                       prompt_tokens, completion_tokens, started_at, lease_until)
    VALUES {rows}
"""

CLAIM = """
    UPDATE conversations
    SET active_turn_id = new.column2, head_id = new.column3, updated_at = new.column4,
        title = CASE new.column5 WHEN '' THEN title ELSE new.column5 END,
        provisional = CASE new.column5 WHEN '' THEN provisional ELSE 1 END, archived = 0
    FROM (VALUES {rows}) AS new
    WHERE id = new.column1 AND active_turn_id IS NULL AND user_id <> 0
"""


@dataclass(frozen=True, slots=True)
class _NewTurn:
    """A turn to write. `writes_question` is False if its question exists already."""

    started: StartedTurn
    writes_question: bool
    client_id: str | None = None


def begin(engine: Engine, requests: Sequence[BeginRequest], now: int) -> list[StartedTurn | ParleyError]:
    """Begin a turn for each request. Return one result or error per request, in order.

    Of several requests for one conversation the first wins. The errors are: NotFound if the conversation is deleted
    or belongs to another user; Conflict if a turn is running in it, or if the client_id was used for another text;
    InvalidRequest if the parent is not an answer of this conversation; LimitReached if the user has too many running
    turns.
    """
    ids = _NewIds(engine, len(requests))
    targets = lock_targets(engine, requests)
    batch = _Batch(turns_sent_before(engine, targets.values()))
    outcomes: list[StartedTurn | ParleyError] = []
    new: list[_NewTurn] = []
    for position, each in enumerate(requests):
        try:
            target = owned_target(targets.get(position), each.owner)
        except NotFound as error:
            outcomes.append(error.with_traceback(None))  # whose frame would hold it in a cycle
            continue
        outcome = batch.duplicate(each, target) or batch.refusal(engine, each.question, target)
        if outcome is None:
            outcome = _start(each, target, ids, now)
            new.append(_NewTurn(outcome, True, each.question.client_id))
            batch.add(each, outcome)
        outcomes.append(outcome)
    _write(engine, new, now)
    return outcomes


def begin_alternative(engine: Engine, question: Message, where: Run, now: int) -> StartedTurn:
    """Begin another answer to an existing question. Raises Conflict, LimitReached, NotFound."""
    ids = _NewIds(engine, 1)
    target = lock_target(engine, question.conversation_id)
    if target is None or target.user_id == DELETED_OWNER:
        raise NotFound("There is no such conversation.")
    if target.claimed:
        raise _claimed()
    if target.running >= RUNNING_TURNS_OF_USER:
        raise _too_many()
    turn = _turn(ids, question.conversation_id, question.id, where, now)
    provisional, instructions = bool(target.provisional), target.instructions or ""
    started = StartedTurn(turn, True, question.parent_id, question.text, "", provisional, instructions, target.user_id)
    _write(engine, [_NewTurn(started, False)], now)
    return started


class _NewIds:
    """The ids of new turns and their messages. They are allocated first, because rows refer to the rows before them."""

    def __init__(self, engine: Engine, turns: int) -> None:
        ids = engine.allocate_ids({"messages": 2 * turns, "turns": turns})
        self._messages, self._turns = ids["messages"], ids["turns"]

    def message(self) -> int:
        """Return the next message id."""
        return next(self._messages)

    def turn(self) -> int:
        """Return the next turn id."""
        return next(self._turns)


class _Batch:
    """The turns that begin in one transaction, and those that were sent before."""

    def __init__(self, sent_before: Mapping[int, StartedTurn]) -> None:
        self._sent_before = sent_before
        self._started: dict[int, StartedTurn] = {}
        self._client_ids: dict[int, str | None] = {}
        self._started_by_user: Counter[int] = Counter()

    def add(self, request: BeginRequest, started: StartedTurn) -> None:
        """Add a turn that begins in this transaction."""
        self._started[request.conversation_id] = started
        self._client_ids[request.conversation_id] = request.question.client_id
        self._started_by_user[started.user_id] += 1

    def duplicate(self, request: BeginRequest, target: Target) -> StartedTurn | Conflict | None:
        """Return the earlier turn, or a conflict, if the client_id was used before."""
        question = request.question
        if question.client_id is None:
            return None
        if self._client_ids.get(target.id) == question.client_id:
            earlier = self._started[target.id]
        elif target.sent_before is not None:
            earlier = self._sent_before[target.sent_before]
        else:
            return None
        if earlier.text != question.text:
            return Conflict("client_id_reused", "This client_id was used for another message.")
        return replace(earlier, created=False, new_title="")

    def refusal(self, engine: Engine, question: Question, target: Target) -> ParleyError | None:
        """Return why no turn can begin."""
        parent_id = question.parent_id
        if isinstance(parent_id, int):
            in_range = 0 < parent_id <= _LARGEST_ID
            if not in_range or not engine.execute(_IS_ANSWER, (parent_id, target.id)).fetchone():
                return InvalidRequest("invalid_parent", "parent_id names no answer of this conversation.", "parent_id")
        if target.claimed or target.id in self._started:
            return _claimed()
        running = target.running + self._started_by_user[target.user_id]
        return _too_many() if running >= RUNNING_TURNS_OF_USER else None


def _claimed() -> Conflict:
    return Conflict("turn_running", "An answer is still being written in this conversation.")


def _too_many() -> LimitReached:
    message = f"{RUNNING_TURNS_OF_USER} answers are being written for you already; wait until one of them has ended."
    return LimitReached("too_many_turns", message)


def _start(request: BeginRequest, target: Target, ids: _NewIds, now: int) -> StartedTurn:
    question = request.question
    parent_id = target.head_id if isinstance(question.parent_id, HeadOfConversation) else question.parent_id
    turn = _turn(ids, target.id, ids.message(), request.run, now)
    new_title = question.title if target.untitled else ""
    provisional = bool(new_title) or bool(target.provisional)
    return StartedTurn(
        turn, True, parent_id, question.text, new_title, provisional, target.instructions or "", target.user_id
    )


def _turn(ids: _NewIds, conversation_id: int, question_id: int, where: Run, now: int) -> Turn:
    return Turn(
        id=ids.turn(),
        conversation_id=conversation_id,
        user_message_id=question_id,
        message_id=ids.message(),
        status=RUNNING,
        model=where.model,
        mode=where.mode,
        worker=where.worker,
        event_offsets="[]",
        error=None,
        usage=Usage(),
        started_at=now,
        ended_at=None,
    )


def _write(engine: Engine, new: Sequence[_NewTurn], now: int) -> None:
    """Write the rows and the claims. Raises Conflict if a conversation is claimed already."""
    started = [each.started for each in new]
    questions = [each.started for each in new if each.writes_question]
    messages = [*(_question_row(each, now) for each in questions), *(_answer_row(each.turn, now) for each in started)]
    engine.defer_rows(_INSERT_MESSAGES, messages)
    engine.defer_rows(_INSERT_TURNS, [_turn_row(each, now) for each in new])
    note_messages(engine, [(each.turn.user_message_id, each.turn.conversation_id) for each in questions])
    note_titles(engine, [each.turn.conversation_id for each in questions if each.new_title])
    claims = [(each.turn.conversation_id, each.turn.id, each.turn.message_id, now, each.new_title) for each in started]
    if engine.execute_rows(CLAIM, claims) != len(claims):
        raise _claimed()


def _question_row(started: StartedTurn, now: int) -> tuple[object, ...]:
    turn = started.turn
    return (turn.user_message_id, turn.conversation_id, started.parent_id, "user", started.text, "", now)


def _answer_row(turn: Turn, now: int) -> tuple[object, ...]:
    return (turn.message_id, turn.conversation_id, turn.user_message_id, "assistant", "", "", now)


def _turn_row(new: _NewTurn, now: int) -> tuple[object, ...]:
    turn = new.started.turn
    return (
        turn.id, turn.conversation_id, turn.user_message_id, turn.message_id, new.client_id, turn.status, turn.model,
        turn.mode, turn.worker, turn.event_offsets, 0, 0, now, now + LEASE_MS,
    )  # fmt: skip
