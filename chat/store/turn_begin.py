"""How turns begin: a question, an empty answer and a turn, and the claim on the conversation. Several at once.

Everything that can be refused is refused before anything is written, so that one who is refused leaves no trace
among those who are not. Call these inside a write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from chat.errors import Conflict, InvalidRequest, LimitReached, NotFound, ParleyError
from chat.messages import Usage
from chat.store import history
from chat.store.bulk import RunStatement, execute_values, ids, select_values
from chat.store.indexing import note_messages, note_titles
from chat.store.records import RUNNING, Message, Run, Turn
from chat.store.removal import DELETED_OWNER
from chat.store.sessions import Owner, users_of

LEASE_MS = 8_000
RUNNING_TURNS_OF_USER = 32

# SQLite's; a larger number does not even fit into a query.
_LARGEST_ID = 2**63 - 1

# One row, however many conversations: fetching each would hand the interpreter's lock over twice.
PLACES = """
    SELECT json_group_array(json_array(
        id, user_id, head_id, title = '', active_turn_id IS NOT NULL, provisional,
        (SELECT instructions FROM users WHERE users.id = user_id),
        (SELECT COUNT(*) FROM conversations AS others
         WHERE others.user_id = conversations.user_id AND others.active_turn_id IS NOT NULL)
    ))
    FROM conversations WHERE id IN (SELECT value FROM json_each(?))
"""

EARLIER = f"""
    SELECT {", ".join(f"turns.{name}" for name in history.TURN_COLUMNS.split(", "))}, client_id, parent_id, text
    FROM (VALUES {{rows}}) AS sent
    JOIN turns ON turns.conversation_id = sent.column1 AND client_id = sent.column2
    JOIN messages ON messages.id = user_message_id
"""  # noqa: S608 - our own columns

# A conversation and a client_id.
_Sending = tuple[int, str | None]

_IS_ANSWER = "SELECT 1 FROM messages WHERE id = ? AND conversation_id = ? AND role = 'assistant'"

# The numbers given out last. They are chosen here because a row must know those of the rows before it.
_NUMBERS = """
    SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'messages'),
           (SELECT seq FROM sqlite_sequence WHERE name = 'turns')
"""

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
    """As a question's parent: whatever the conversation ends with at that moment."""


@dataclass(frozen=True, slots=True)
class Question:
    """A user's message to be answered. `parent_id` None begins a second branch at the root."""

    text: str
    parent_id: int | HeadOfConversation | None = field(default_factory=HeadOfConversation)
    client_id: str | None = None
    title: str = ""  # the conversation's title, if it has none yet


@dataclass(frozen=True, slots=True)
class StartedTurn:
    """`created` is False when the same `client_id` was sent before: `turn` is then that earlier turn.

    `text` is the question and `parent_id` the message it follows; `new_title` the title given just now, or "";
    `provisional` whether the title waits for a model to replace it; `instructions` are the user's own.
    """

    turn: Turn
    created: bool
    parent_id: int | None
    text: str
    new_title: str = ""
    provisional: bool = False
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class BeginRequest:
    """What somebody asks in a conversation that he says is his."""

    owner: Owner
    conversation_id: int
    question: Question
    run: Run


@dataclass(frozen=True, slots=True)
class _Place:
    """A conversation as a turn finds it."""

    id: int
    user_id: int
    head_id: int | None
    untitled: bool
    claimed: bool
    provisional: bool
    instructions: str | None
    running: int


@dataclass(frozen=True, slots=True)
class _New:
    """A turn to be written; `asked` is whether its question is to be written too."""

    begun: StartedTurn
    asked: bool
    client_id: str | None = None


def begin(run: RunStatement, asked: Sequence[BeginRequest], now: int) -> list[StartedTurn | ParleyError]:
    """Begin a turn for each question; of several in one conversation the first has it. What came of each.

    Conflict while another turn runs there, or when the client_id was used for another text; InvalidRequest for a
    parent that is no answer of this conversation; NotFound where it is gone, or somebody else's; LimitReached where
    the user has as many running as may be.
    """
    places = _places(run, [each.conversation_id for each in asked])
    users = users_of(run, [each.owner for each in asked])
    earlier = _earlier(run, asked)
    numbers = _Numbers(run)
    outcomes: list[StartedTurn | ParleyError] = []
    new: list[_New] = []
    begun_by: Counter[int] = Counter()
    for each in asked:
        place = places.get(each.conversation_id)
        if place is None or place.user_id != users.get(each.owner):
            outcomes.append(NotFound("There is no such conversation."))
            continue
        outcome = _sent_before(each, earlier) or _refused(run, each.question, place, begun_by[place.user_id])
        if outcome is None:
            begun_by[place.user_id] += 1
            outcome = _begun(each, place, numbers, now)
            new.append(_New(outcome, True, each.question.client_id))
            places[place.id] = replace(place, claimed=True)
            earlier[place.id, each.question.client_id] = outcome
        outcomes.append(outcome)
    _write(run, new, now)
    return outcomes


def begin_again(run: RunStatement, question: Message, where: Run, now: int) -> StartedTurn:
    """Begin another answer to a question that is there. Raises Conflict, NotFound."""
    turn = _turn(_Numbers(run), question.conversation_id, question.id, where, now)
    place = _places(run, [question.conversation_id]).get(question.conversation_id)
    if place is None or place.user_id == DELETED_OWNER:
        raise NotFound("There is no such conversation.")
    if not place.claimed and place.running >= RUNNING_TURNS_OF_USER:
        raise _too_many()
    about = (bool(place.provisional), place.instructions or "")
    begun = StartedTurn(turn, True, question.parent_id, question.text, "", *about)
    _write(run, [_New(begun, False)], now)
    return begun


class _Numbers:
    """The next ids. Nobody else gives any out while this transaction has the lock."""

    def __init__(self, run: RunStatement) -> None:
        messages, turns = run(_NUMBERS, ()).fetchone()
        self._message, self._turn = messages or 0, turns or 0

    def message(self) -> int:
        self._message += 1
        return self._message

    def turn(self) -> int:
        self._turn += 1
        return self._turn


def _places(run: RunStatement, conversations: Sequence[int]) -> dict[int, _Place]:
    (found,) = run(PLACES, (ids(conversations),)).fetchone()
    return {row[0]: _Place(*row) for row in msgspec.json.decode(found)}


def _earlier(run: RunStatement, asked: Sequence[BeginRequest]) -> dict[_Sending, StartedTurn]:
    sent = [(each.conversation_id, each.question.client_id) for each in asked if each.question.client_id is not None]
    return {
        (row["conversation_id"], row["client_id"]): StartedTurn(
            history.turn_of(row), False, row["parent_id"], row["text"]
        )
        for row in select_values(run, EARLIER, sent)
    }


def _sent_before(asked: BeginRequest, earlier: Mapping[_Sending, StartedTurn]) -> StartedTurn | Conflict | None:
    """What is said to a question that came before under the same client_id."""
    question = asked.question
    if question.client_id is None:
        return None
    found = earlier.get((asked.conversation_id, question.client_id))
    if found is None:
        return None
    if found.text != question.text:
        return Conflict("client_id_reused", "This client_id was used for another message.")
    return replace(found, created=False, new_title="")


def _refused(run: RunStatement, question: Question, place: _Place, more: int) -> ParleyError | None:
    """Why the question begins no turn; `more` are the user's that have just begun."""
    parent_id = question.parent_id
    if isinstance(parent_id, int):
        known = 0 < parent_id <= _LARGEST_ID
        if not known or not run(_IS_ANSWER, (parent_id, place.id)).fetchone():
            return InvalidRequest("invalid_parent", "parent_id names no answer of this conversation.", "parent_id")
    if place.claimed:
        return _claimed()
    return _too_many() if place.running + more >= RUNNING_TURNS_OF_USER else None


def _claimed() -> Conflict:
    return Conflict("turn_running", "An answer is still being written in this conversation.")


def _too_many() -> LimitReached:
    sentence = f"{RUNNING_TURNS_OF_USER} answers are being written for you already; wait until one of them has ended."
    return LimitReached("too_many_turns", sentence)


def _begun(asked: BeginRequest, place: _Place, numbers: _Numbers, now: int) -> StartedTurn:
    question = asked.question
    parent_id = place.head_id if isinstance(question.parent_id, HeadOfConversation) else question.parent_id
    turn = _turn(numbers, place.id, numbers.message(), asked.run, now)
    titled = question.title if place.untitled else ""
    provisional = bool(titled) or bool(place.provisional)
    return StartedTurn(turn, True, parent_id, question.text, titled, provisional, place.instructions or "")


def _turn(numbers: _Numbers, conversation_id: int, question_id: int, where: Run, now: int) -> Turn:
    return Turn(
        id=numbers.turn(),
        conversation_id=conversation_id,
        user_message_id=question_id,
        message_id=numbers.message(),
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


def _write(run: RunStatement, new: Sequence[_New], now: int) -> None:
    """Raises Conflict when a conversation has been claimed after all."""
    begun = [each.begun for each in new]
    asked = [each.begun for each in new if each.asked]
    execute_values(run, _INSERT_MESSAGES, [_question_row(each, now) for each in asked])
    execute_values(run, _INSERT_MESSAGES, [_answer_row(each.turn, now) for each in begun])
    execute_values(run, _INSERT_TURNS, [_turn_row(each, now) for each in new])
    claims = [(each.turn.conversation_id, each.turn.id, each.turn.message_id, now, each.new_title) for each in begun]
    if execute_values(run, CLAIM, claims) != len(claims):
        raise _claimed()
    note_messages(run, [(each.turn.user_message_id, each.turn.conversation_id) for each in asked])
    note_titles(run, [each.turn.conversation_id for each in asked if each.new_title])


def _question_row(begun: StartedTurn, now: int) -> tuple[object, ...]:
    turn = begun.turn
    return (turn.user_message_id, turn.conversation_id, begun.parent_id, "user", begun.text, "", now)


def _answer_row(turn: Turn, now: int) -> tuple[object, ...]:
    return (turn.message_id, turn.conversation_id, turn.user_message_id, "assistant", "", "", now)


def _turn_row(new: _New, now: int) -> tuple[object, ...]:
    turn = new.begun.turn
    return (
        turn.id, turn.conversation_id, turn.user_message_id, turn.message_id, new.client_id, turn.status, turn.model,
        turn.mode, turn.worker, turn.event_offsets, 0, 0, now, now + LEASE_MS,
    )  # fmt: skip
