"""The life of a turn in the database: begun with its claim on the conversation, checkpointed, ended.

A turn is one row; the conversation's `active_turn_id` is the claim, set by a conditional update: one row
changed, or somebody else has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from sqlite3 import Cursor

import peewee

from chat.errors import Conflict, InvalidRequest, NotFound
from chat.messages import Answer
from chat.store import history, turn_rows
from chat.store.database import Database, reads, writes
from chat.store.indexing import index_message, index_title
from chat.store.models import Conversation as ConversationRow
from chat.store.models import Message as MessageRow
from chat.store.models import Turn as TurnRow
from chat.store.models import row, rows
from chat.store.records import RUNNING, Conversation, Message, Progress, Run, Turn, TurnError, now_ms
from chat.store.turn_rows import LEASE_MS

__all__ = ["LEASE_MS", "Begun", "HeadOfConversation", "Progress", "Question", "Run", "Turns"]


# SQLite's; a larger number does not even fit into a query.
_LARGEST_ID = 2**63 - 1


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
class Begun:
    """`fresh` is False when the same `client_id` was sent before: `turn` is then that earlier turn.

    `text` is the question and `parent_id` the message it follows; `titled` the title given just now, or "".
    """

    turn: Turn
    fresh: bool
    parent_id: int | None
    text: str
    titled: str = ""


class Turns:
    def __init__(self, database: Database) -> None:
        self.database = database

    @writes
    def begin(self, conversation: Conversation, question: Question, run: Run) -> Begun:
        """Write question, empty answer and turn, and claim the conversation: all or nothing.

        Raises Conflict while another turn runs there, or when the client_id was used for another text;
        InvalidRequest for a parent that is no answer of this conversation; NotFound when it is gone.
        """
        earlier = self._earlier(conversation, question)
        if earlier is not None:
            return earlier
        place = turn_rows.place(self._run, conversation.id)
        if place is None:
            raise NotFound("There is no such conversation.")
        parent_id = self._parent(place, question)
        asked = turn_rows.insert_message(self._run, conversation.id, parent_id, "user", question.text, now_ms())
        index_message(self.database, conversation.id, asked, question.text)
        titled = "" if place.title else question.title
        turn = turn_rows.begin(self._run, conversation.id, asked, run, question.client_id, titled, now_ms())
        if titled:
            index_title(self.database, conversation.id, titled)
        return Begun(turn, True, parent_id, question.text, titled)

    @writes
    def begin_again(self, answer: Message, run: Run) -> Begun:
        """Begin a second answer beside `answer`, to the same question. Raises Conflict, NotFound."""
        question = row(MessageRow.select().where(MessageRow.id == answer.parent_id))
        if question is None:
            raise NotFound("There is no such message.")
        turn = turn_rows.begin(self._run, answer.conversation_id, question["id"], run, None, "", now_ms())
        return Begun(turn, True, question["parent_id"], question["text"])

    @writes
    def checkpoint(self, due: Sequence[Progress], alive: Sequence[int]) -> None:
        """Keep what `due` turns have so far, and renew the lease of all the turns in `alive`: one transaction.

        What has ended since `due` was gathered, or was deleted, stays as it is.
        """
        until = now_ms() + LEASE_MS
        for progress in due:
            if self._run(turn_rows.KEEP_MARKS, (progress.marks, progress.turn.id)).rowcount:
                turn_rows.write_answer(self._run, progress.turn.message_id, progress.answer)
        self._run(turn_rows.RENEW, (until, turn_rows.ids(alive)))

    @writes
    def finish(self, progress: Progress, status: str, error: TurnError | None) -> Turn | None:
        """End a turn: its answer, usage and status, and the conversation is free again.

        A turn that was taken for dead, its lease having run out behind a locked database, ends as it truly
        did. Returns None, having changed nothing, when it was ended otherwise or deleted.
        """
        ended = turn_rows.finish(self._run, progress, status, error, now_ms())
        if ended is None:
            return None
        turn_rows.write_answer(self._run, ended.message_id, progress.answer)
        index_message(self.database, ended.conversation_id, ended.message_id, progress.answer.text)
        return ended

    @writes
    def interrupt_lost(self, gone: Sequence[str], error: TurnError) -> list[int]:
        """End every turn whose worker is among `gone`, or has not renewed its lease. Returns their ids."""
        lost = (TurnRow.status == RUNNING) & ((TurnRow.lease_until < now_ms()) | (TurnRow.worker << list(gone)))
        found = [turn["id"] for turn in rows(TurnRow.select(TurnRow.id).where(lost))]
        if found:
            turn_rows.interrupt(self._run, found, error, now_ms())
        for turn_id in found:
            self._index_answer(turn_id)
        return found

    def _run(self, statement: str, values: Sequence[object] = ()) -> Cursor:
        return self.database.run(statement, values)

    def _earlier(self, conversation: Conversation, question: Question) -> Begun | None:
        if question.client_id is None:
            return None
        turn = turn_rows.earlier(self._run, conversation.id, question.client_id)
        if turn is None:
            return None
        asked = MessageRow.get_by_id(turn.user_message_id)
        if asked.text != question.text:
            raise Conflict("client_id_reused", "This client_id was used for another message.")
        return Begun(turn, False, asked.parent_id, asked.text)

    def _parent(self, place: turn_rows.Place, question: Question) -> int | None:
        if isinstance(question.parent_id, HeadOfConversation):
            return place.head_id
        if question.parent_id is None:
            return None
        known = 0 < question.parent_id <= _LARGEST_ID
        if not known or not self._run(turn_rows.IS_ANSWER, (question.parent_id, place.id)).fetchone():
            raise InvalidRequest("invalid_parent", "parent_id names no answer of this conversation.", "parent_id")
        return question.parent_id

    def _index_answer(self, turn_id: int) -> None:
        turn = TurnRow.get_by_id(turn_id)
        index_message(self.database, turn.conversation_id, turn.message_id, _answer(turn.message_id).text)

    @reads
    def get(self, turn_id: int) -> Turn | None:
        return _turn(turn_id)

    @reads
    def answer(self, turn: Turn) -> Answer:
        """A turn's answer as of its last checkpoint, or its end. Raises NotFound when it was deleted."""
        return _answer(turn.message_id)

    @reads
    def ended(self, turn_id: int) -> tuple[Turn, Answer, str] | None:
        """A turn with its answer and its conversation's title, all that its events told. None: deleted."""
        # One snapshot: a turn that was taken for dead may just be ending as it truly did.
        with self.database.peewee.atomic():
            turn = _turn(turn_id)
            if turn is None:
                return None
            return turn, _answer(turn.message_id), ConversationRow.get_by_id(turn.conversation_id).title

    @reads
    def homes(self) -> dict[str, bool]:
        """The workers that turns are running at, each with whether one of its leases has run out."""
        oldest = peewee.fn.MIN(TurnRow.lease_until).alias("oldest")
        query = TurnRow.select(TurnRow.worker, oldest).where(TurnRow.status == RUNNING).group_by(TurnRow.worker)
        now = now_ms()
        return {home["worker"]: home["oldest"] < now for home in rows(query)}


def _answer(message_id: int) -> Answer:
    found = rows(MessageRow.select().where(MessageRow.id == message_id))
    if not found:
        raise NotFound("There is no such message.")
    message = history.messages_of(found)[0]
    return Answer(message.text, message.reasoning, message.tool_calls)


def _turn(turn_id: int) -> Turn | None:
    found = row(TurnRow.select().where(TurnRow.id == turn_id))
    return None if found is None else history.turn_of(found)
