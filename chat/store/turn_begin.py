"""Begin turns in batches: write the question, the empty answer and the turn, and claim the conversation.

Every check runs before anything is written, so a refused request leaves no trace in the shared transaction.
Call these functions inside a write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from chat.errors import Conflict, InvalidRequest, LimitReached, NotFound, ParleyError
from chat.messages import Usage
from chat.store import history
from chat.store.engines.contract import Engine
from chat.store.indexing import note_messages, note_titles
from chat.store.ownership import owned
from chat.store.records import RUNNING, Message, Run, Turn
from chat.store.removal import DELETED_OWNER
from chat.store.sessions import Owner, users_of

LEASE_MS = 8_000
RUNNING_TURNS_OF_USER = 32

# SQLite's largest integer; a larger number cannot be bound to a statement.
_LARGEST_ID = 2**63 - 1

TARGET_COLUMNS = """
    id, user_id, head_id, title = '', active_turn_id IS NOT NULL, provisional,
    (SELECT instructions FROM users WHERE users.id = user_id),
    (SELECT COUNT(*) FROM conversations AS others
     WHERE others.user_id = conversations.user_id AND others.active_turn_id IS NOT NULL)
"""
# Locked, so that of two requests with one client_id the second sees the turn of the first, and their users, so that
# the running turns of each can be counted.
TARGETS = "FROM conversations WHERE id = ANY(?)"
_USERS = "FROM users WHERE id IN (SELECT user_id FROM conversations WHERE id = ANY(?))"

SENT_BEFORE = f"""
    SELECT {", ".join(f"turns.{name}" for name in history.TURN_COLUMNS.split(", "))}, client_id, parent_id, text
    FROM (VALUES {{rows}}) AS sent
    JOIN turns ON turns.conversation_id = sent.column1 AND client_id = sent.column2
    JOIN messages ON messages.id = user_message_id
"""  # noqa: S608 - our own columns

# Conversation id and client_id.
_ClientKey = tuple[int, str | None]

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
class HeadOfConversation:
    """The parent of a question that follows the conversation's current head."""


@dataclass(frozen=True, slots=True)
class Question:
    """A user's message to be answered. A `parent_id` of None begins another branch at the root."""

    text: str
    parent_id: int | HeadOfConversation | None = field(default_factory=HeadOfConversation)
    client_id: str | None = None
    title: str = ""  # the conversation's title, if it has none yet


@dataclass(frozen=True, slots=True)
class StartedTurn:
    """A turn that has begun, or the earlier turn if its `client_id` was sent before (`created` is then False).

    `text` is the question and `parent_id` the message it follows. `new_title` is the title set by this turn, or "".
    `provisional` is whether a model may replace the title. `instructions` are the user's own. `user_id` is the user
    who asked; 0 for an earlier turn.
    """

    turn: Turn
    created: bool
    parent_id: int | None
    text: str
    new_title: str = ""
    provisional: bool = False
    instructions: str = ""
    user_id: int = 0


@dataclass(frozen=True, slots=True)
class BeginRequest:
    """A request to begin a turn. The transaction checks that `owner` owns the conversation."""

    owner: Owner
    conversation_id: int
    question: Question
    run: Run


@dataclass(frozen=True, slots=True)
class _Target:
    """The state of a conversation before its turn begins."""

    id: int
    user_id: int
    head_id: int | None
    untitled: bool
    claimed: bool
    provisional: bool
    instructions: str | None
    running: int


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
    targets = _targets(engine, [each.conversation_id for each in requests])
    users = users_of(engine, [each.owner for each in requests])
    previous = _previous_turns(engine, requests)
    ids = _NewIds(engine, len(requests))
    outcomes: list[StartedTurn | ParleyError] = []
    new: list[_NewTurn] = []
    started_by_user: Counter[int] = Counter()
    for each in requests:
        try:
            target = owned(targets.get(each.conversation_id), users.get(each.owner))
        except NotFound as error:
            outcomes.append(error.with_traceback(None))  # whose frame would hold it in a cycle
            continue
        outcome = _duplicate(each, previous) or _refusal(engine, each.question, target, started_by_user[target.user_id])
        if outcome is None:
            started_by_user[target.user_id] += 1
            outcome = _start(each, target, ids, now)
            new.append(_NewTurn(outcome, True, each.question.client_id))
            targets[target.id] = replace(target, claimed=True)
            previous[target.id, each.question.client_id] = outcome
        outcomes.append(outcome)
    _write(engine, new, now)
    return outcomes


def begin_alternative(engine: Engine, question: Message, where: Run, now: int) -> StartedTurn:
    """Begin another answer to an existing question. Raises Conflict, LimitReached, NotFound."""
    target = _targets(engine, [question.conversation_id]).get(question.conversation_id)
    turn = _turn(_NewIds(engine, 1), question.conversation_id, question.id, where, now)
    if target is None or target.user_id == DELETED_OWNER:
        raise NotFound("There is no such conversation.")
    if not target.claimed and target.running >= RUNNING_TURNS_OF_USER:
        raise _too_many()
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


def _targets(engine: Engine, conversations: Sequence[int]) -> dict[int, _Target]:
    ids = engine.array(conversations)
    engine.lock(_USERS, (ids,))
    engine.lock(TARGETS, (ids,))
    rows = engine.select(TARGET_COLUMNS, TARGETS, (ids,))
    return {row[0]: _Target(*row) for row in rows}


def _previous_turns(engine: Engine, requests: Sequence[BeginRequest]) -> dict[_ClientKey, StartedTurn]:
    sent = [(each.conversation_id, each.question.client_id) for each in requests if each.question.client_id is not None]
    return {
        (row["conversation_id"], row["client_id"]): StartedTurn(
            history.turn_from_row(row), False, row["parent_id"], row["text"]
        )
        for row in engine.select_rows(SENT_BEFORE, sent)
    }


def _duplicate(request: BeginRequest, previous: Mapping[_ClientKey, StartedTurn]) -> StartedTurn | Conflict | None:
    """Return the earlier turn, or a conflict, if the client_id was used before."""
    question = request.question
    if question.client_id is None:
        return None
    earlier = previous.get((request.conversation_id, question.client_id))
    if earlier is None:
        return None
    if earlier.text != question.text:
        return Conflict("client_id_reused", "This client_id was used for another message.")
    return replace(earlier, created=False, new_title="")


def _refusal(engine: Engine, question: Question, target: _Target, started: int) -> ParleyError | None:
    """Return why no turn can begin. `started` counts the turns of the user that began in this batch."""
    parent_id = question.parent_id
    if isinstance(parent_id, int):
        in_range = 0 < parent_id <= _LARGEST_ID
        if not in_range or not engine.execute(_IS_ANSWER, (parent_id, target.id)).fetchone():
            return InvalidRequest("invalid_parent", "parent_id names no answer of this conversation.", "parent_id")
    if target.claimed:
        return _claimed()
    return _too_many() if target.running + started >= RUNNING_TURNS_OF_USER else None


def _claimed() -> Conflict:
    return Conflict("turn_running", "An answer is still being written in this conversation.")


def _too_many() -> LimitReached:
    message = f"{RUNNING_TURNS_OF_USER} answers are being written for you already; wait until one of them has ended."
    return LimitReached("too_many_turns", message)


def _start(request: BeginRequest, target: _Target, ids: _NewIds, now: int) -> StartedTurn:
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
    engine.execute_rows(_INSERT_MESSAGES, [_question_row(each, now) for each in questions])
    engine.execute_rows(_INSERT_MESSAGES, [_answer_row(each.turn, now) for each in started])
    engine.execute_rows(_INSERT_TURNS, [_turn_row(each, now) for each in new])
    claims = [(each.turn.conversation_id, each.turn.id, each.turn.message_id, now, each.new_title) for each in started]
    if engine.execute_rows(CLAIM, claims) != len(claims):
        raise _claimed()
    note_messages(engine, [(each.turn.user_message_id, each.turn.conversation_id) for each in questions])
    note_titles(engine, [each.turn.conversation_id for each in questions if each.new_title])


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
